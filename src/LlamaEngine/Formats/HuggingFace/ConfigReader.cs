using System.Text.Json;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>Reads typed values of a JSON object; null counts as absent, as it does in transformers.</summary>
/// <remarks>The object comes from <see cref="JsonText"/>, so its strings decode.</remarks>
internal readonly struct ConfigReader(JsonElement json, string file)
{
    /// <summary>The file, for messages.</summary>
    public string File { get; } = file;

    /// <summary>True if there are no keys.</summary>
    public bool IsEmpty => !json.EnumerateObject().Any();

    /// <summary>True if a value is itself an object.</summary>
    public bool HasNestedObjects => json.EnumerateObject().Any(property => property.Value.ValueKind == JsonValueKind.Object);

    /// <summary>True if the key is there and null.</summary>
    public bool IsNull(string key) => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>A text.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Wrong(key, "a string", value),
    };

    /// <summary>A list of texts; empty if absent.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (Find(key) is not { } list)
            return [];
        if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw Wrong(key, "a list of strings", list);
        return [.. list.EnumerateArray().Select(item => item.GetString()!)];
    }

    /// <summary>A truth value.</summary>
    public bool? Flag(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(key, "true or false", value),
    };

    /// <summary>A finite number.</summary>
    public double? Number(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
        { } value => throw Wrong(key, "a number", value),
    };

    /// <summary>A whole number from 0 to 2³¹ − 1.</summary>
    public int? Size(string key) => Number(key) switch
    {
        null => null,
        >= 0 and <= int.MaxValue and { } number when Math.Floor(number) == number => (int)number,
        { } number => throw new ModelFormatException(File, null, $"'{key}' is {number}, no size."),
    };

    /// <summary>A size that must be there.</summary>
    public int RequiredSize(string key) => Size(key) ?? throw new ModelFormatException(File, null, $"'{key}' is missing.");

    /// <summary>A nested object; null if it is absent.</summary>
    public ConfigReader? Object(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new ConfigReader(value, File),
        { } value => throw Wrong(key, "an object", value),
    };

    /// <summary>Token ids, given as one number or a list of them; empty if absent.</summary>
    public IEnumerable<int> Ids(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Select(Id(key)).ToArray(),
        { } single => [Id(key)(single)],
    };

    private Func<JsonElement, int> Id(string key)
    {
        string file = File;
        return value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id >= 0
            ? id
            : throw new ModelFormatException(file, null, $"'{key}' should hold token ids, but holds {value.ValueKind}.");
    }

    private JsonElement? Find(string key) =>
        json.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private ModelFormatException Wrong(string key, string expected, JsonElement value) =>
        new(File, null, $"'{key}' should be {expected}, but is {value.ValueKind}.");
}
