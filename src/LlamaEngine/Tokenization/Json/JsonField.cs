using System.Text.Json;

namespace LlamaEngine.Tokenization.Json;

/// <summary>A value in a JSON file that knows its file and its place, so that what is wrong with it can be told.</summary>
/// <param name="path">Where it stands, for example <c>model.vocab</c>.</param>
internal readonly struct JsonField(string file, string path, JsonElement element)
{
    /// <summary>The file.</summary>
    public string File => file;

    /// <summary>The value itself.</summary>
    public JsonElement Element => element;

    /// <summary>It is text.</summary>
    public bool IsText => element.ValueKind == JsonValueKind.String;

    /// <summary>It is an array.</summary>
    public bool IsArray => element.ValueKind == JsonValueKind.Array;

    /// <summary>A member of an object; null if it is missing or JSON's null.</summary>
    public JsonField? this[string name] =>
        Expect(JsonValueKind.Object).TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonField(file, path.Length == 0 ? name : $"{path}.{name}", value)
            : null;

    /// <summary>A member of an object that must be there.</summary>
    public JsonField Required(string name) => this[name] ?? throw Wrong($"has no '{name}'");

    /// <summary>The text.</summary>
    public string AsText() => Expect(JsonValueKind.String).GetString()!;

    /// <summary>The integer.</summary>
    public int AsInteger() => Expect(JsonValueKind.Number).TryGetInt32(out int value) ? value : throw Wrong("is no 32-bit integer");

    /// <summary>The truth value.</summary>
    public bool AsFlag() => element.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? element.GetBoolean()
        : throw Wrong("is neither true nor false");

    /// <summary>The text of a member that must be there.</summary>
    public string TextOf(string name) => Required(name).AsText();

    /// <summary>A member's truth value, or another one if it is missing.</summary>
    public bool FlagOf(string name, bool otherwise) => this[name]?.AsFlag() ?? otherwise;

    /// <summary>The elements of an array.</summary>
    public IEnumerable<JsonField> Items()
    {
        string itemPath = $"{path}[]";
        string itemFile = file;
        return Expect(JsonValueKind.Array).EnumerateArray().Select(item => new JsonField(itemFile, itemPath, item));
    }

    /// <summary>The members of an object.</summary>
    public JsonElement.ObjectEnumerator Members() => Expect(JsonValueKind.Object).EnumerateObject();

    /// <summary>The exception that tells what is wrong with this value.</summary>
    public ModelFormatException Wrong(string problem) => new(file, null, $"{(path.Length == 0 ? "the JSON" : $"'{path}'")} {problem}.");

    /// <summary>The exception that tells that this component is not implemented.</summary>
    public static UnsupportedModelException Unsupported(string what, string supported) => new($"tokenizer.json's {what}", supported);

    private JsonElement Expect(JsonValueKind kind) => element.ValueKind == kind ? element : throw Wrong($"is no {kind}");
}
