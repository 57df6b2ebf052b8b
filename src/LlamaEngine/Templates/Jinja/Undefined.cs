namespace LlamaEngine.Templates.Jinja;

/// <summary>What a missing variable or attribute evaluates to: prints as nothing, iterates as empty, fails in anything else.</summary>
internal sealed class Undefined
{
    private readonly string _message;

    private Undefined(string message) => _message = message;

    /// <summary>A variable that was never set.</summary>
    public static Undefined Variable(string name) => new($"{PythonText.Quote(name)} is undefined");

    /// <summary>An attribute or element that a value does not have.</summary>
    public static Undefined Member(object? owner, object? name) => name is string attribute
        ? new($"{PythonText.Quote(PythonType.Describe(owner))} has no attribute {PythonText.Quote(attribute)}")
        : new($"{PythonType.Describe(owner)} has no element {PythonText.Repr(name)}");

    /// <summary>An attribute that the sandbox hides.</summary>
    public static Undefined Unsafe(object? owner, string name) =>
        new($"access to attribute {PythonText.Quote(name)} of '{PythonType.Name(owner)}' object is unsafe.");

    /// <summary>Undefined for a reason of its own.</summary>
    public static Undefined Because(string message) => new(message);

    /// <summary>The error of using the value.</summary>
    public ChatTemplateException Error() => new(_message);
}
