using System.Diagnostics.CodeAnalysis;

namespace LlamaEngine.Formats.Gguf;

/// <summary>
/// The key-value section of a GGUF file. Scalars are kept as their .NET types (byte … ulong, float, double, bool, string);
/// arrays as typed .NET arrays (for example <c>string[]</c>, <c>int[]</c>, <c>float[]</c>, <c>bool[]</c>).
/// </summary>
/// <param name="offsets">Where in the file each key stands, in bytes; null if it is not known.</param>
internal sealed class GgufMetadata(string file, IReadOnlyDictionary<string, object> values, IReadOnlyDictionary<string, long>? offsets = null)
{
    /// <summary>The file the values came from, for error messages.</summary>
    public string File { get; } = file;

    /// <summary>All keys and values.</summary>
    public IReadOnlyDictionary<string, object> Values { get; } = values;

    /// <summary>A text; null if the key is absent.</summary>
    public string? GetString(string key) => Get<string>(key, "a string");

    /// <summary>A boolean; null if the key is absent.</summary>
    public bool? GetBoolean(string key) => Values.TryGetValue(key, out object? value)
        ? value as bool? ?? throw Wrong(key, "a boolean", value)
        : null;

    /// <summary>An integer of any width; null if the key is absent.</summary>
    public long? GetInteger(string key) => Values.TryGetValue(key, out object? value)
        ? AsInteger(value) ?? throw Wrong(key, "an integer", value)
        : null;

    /// <summary>A number of any kind; null if the key is absent.</summary>
    public double? GetNumber(string key) => Values.TryGetValue(key, out object? value)
        ? value switch { float f => f, double d => d, _ => AsInteger(value) ?? throw Wrong(key, "a number", value) }
        : null;

    /// <summary>An array of texts; null if the key is absent.</summary>
    public string[]? GetStrings(string key) => Get<string[]>(key, "an array of strings");

    /// <summary>An array of floats; null if the key is absent.</summary>
    public float[]? GetFloats(string key) => Get<float[]>(key, "an array of floats");

    /// <summary>An array of 32-bit integers, signed or not; null if the key is absent.</summary>
    public int[]? GetInts(string key) => Values.TryGetValue(key, out object? value)
        ? value switch
        {
            int[] ints => ints,
            uint[] uints => Array.ConvertAll(uints, u => unchecked((int)u)),
            _ => throw Wrong(key, "an array of 32-bit integers", value),
        }
        : null;

    private static long? AsInteger(object value) => value switch
    {
        byte v => v,
        sbyte v => v,
        short v => v,
        ushort v => v,
        int v => v,
        uint v => v,
        long v => v,
        ulong v when v <= long.MaxValue => (long)v,
        _ => null,
    };

    [return: MaybeNull]
    private T Get<T>(string key, string expected) where T : class => Values.TryGetValue(key, out object? value)
        ? value as T ?? throw Wrong(key, expected, value)
        : null;

    /// <summary>Where in the file a key stands, in bytes; null if that is not known or there is no such key.</summary>
    public long? OffsetOf(string key) => offsets is not null && offsets.TryGetValue(key, out long offset) ? offset : null;

    /// <summary>An exception that says what is wrong with the value of a key, and where it stands.</summary>
    public ModelFormatException Damage(string key, string problem) =>
        new(File, OffsetOf(key), $"metadata key '{key}' {problem}.");

    private ModelFormatException Wrong(string key, string expected, object value) =>
        Damage(key, $"should be {expected}, but is {value.GetType().Name}");
}
