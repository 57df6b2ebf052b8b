using System.Collections.Frozen;
using System.Text.Json;
using LlamaEngine.Formats;

namespace LlamaEngine.Tools;

/// <summary>Reads the JSON of calls as models write it: <c>name</c>, and <c>arguments</c> or <c>parameters</c>.</summary>
/// <param name="names">The functions that were offered.</param>
internal sealed class ToolCallJson(FrozenSet<string> names)
{
    private const int MistralIdLength = 9;

    /// <summary>The calls in an object, or in an array of such; null: it is something else, or a call of what was not offered.</summary>
    /// <param name="newId">Makes an id for a call that has none.</param>
    public ToolCall[]? Read(ReadOnlySpan<char> json, Func<string> newId)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.ToString());
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Array)
                return Read(root, newId) is { } one ? [one] : null;
            ToolCall[] calls = [.. root.EnumerateArray().Select(element => Read(element, newId)).OfType<ToolCall>()];
            return calls.Length == 0 || calls.Length < root.GetArrayLength() ? null : calls;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return null; // no JSON, or half a surrogate pair in it, which is no text
        }
    }

    private ToolCall? Read(JsonElement element, Func<string> newId)
    {
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String
            || !names.Contains(name.GetString()!)
            || !(element.TryGetProperty("arguments", out JsonElement given) || element.TryGetProperty("parameters", out given)))
        {
            return null;
        }
        string id = element.TryGetProperty("id", out JsonElement own) && IsId(own) ? own.GetString()! : newId();
        if (ReadArguments(given) is not { } arguments)
            return null;
        JsonText.DecodeAll(arguments);
        return new ToolCall(id, name.GetString()!, arguments);
    }

    /// <summary>An object, also where a model wrote it into a string.</summary>
    private static JsonElement? ReadArguments(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Object)
            return given.Clone();
        if (given.ValueKind != JsonValueKind.String)
            return null;
        using JsonDocument document = JsonDocument.Parse(given.GetString()!);
        return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
    }

    /// <summary>Mistral's models number their calls themselves, with nine letters and digits.</summary>
    private static bool IsId(JsonElement id) =>
        id.ValueKind == JsonValueKind.String && id.GetString() is { Length: MistralIdLength } text && text.All(char.IsAsciiLetterOrDigit);
}
