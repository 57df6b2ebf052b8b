using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Names of types, as Python's and jinja2's messages use them.</summary>
internal static class PythonType
{
    /// <summary><c>type(value).__name__</c>.</summary>
    public static string Name(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        Mapping => "dict",
        Sequence sequence => Name(sequence.Kind),
        PythonRange => "range",
        Generator => "generator",
        LoopState => "LoopContext",
        _ => value.GetType().Name,
    };

    /// <summary>How jinja2's messages about missing attributes name the owner.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "None",
        Namespace => "jinja2.utils.Namespace object",
        LoopState => "jinja2.runtime.LoopContext object",
        Macro => "jinja2.runtime.Macro object",
        _ => $"{Name(value)} object",
    };

    private static string Name(SequenceKind kind) => kind switch
    {
        SequenceKind.List => "list",
        SequenceKind.Tuple => "tuple",
        SequenceKind.DictKeys => "dict_keys",
        SequenceKind.DictValues => "dict_values",
        _ => "dict_items",
    };
}
