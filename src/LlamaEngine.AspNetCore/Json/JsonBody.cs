using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Json;

/// <summary>Parses a request body, or a line of a batch: one JSON object in UTF-8, bounded in depth, every string of it Unicode.</summary>
internal static class JsonBody
{
    /// <summary>The object.</summary>
    /// <param name="utf8">All of the body.</param>
    /// <param name="maxDepth">Most levels of objects and lists.</param>
    /// <exception cref="ApiException">It is something else; the message says what.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> utf8, int maxDepth)
    {
        Check(utf8);
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false };
            if (JsonNode.Parse(utf8, documentOptions: options) is not JsonObject body)
                throw ApiException.Invalid("The body must be a JSON object.");
            EnsureDecodable(body, utf8);
            return body;
        }
        catch (JsonException exception)
        {
            throw ApiException.Invalid($"The body is no valid JSON: {exception.Message}", code: "invalid_json");
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            throw ApiException.Invalid("The body holds half of a surrogate pair (\\ud800 to \\udfff), which is no character.", code: "invalid_json");
        }
    }

    private static void Check(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
            throw ApiException.Invalid("The body is empty; a JSON object is expected.", code: "invalid_json");
        if (utf8.StartsWith(Encoding.UTF8.Preamble))
            throw ApiException.Invalid("The body begins with a byte order mark; JSON is sent without one.", code: "invalid_json");
        if (!Utf8.IsValid(utf8))
            throw ApiException.Invalid("The body is not valid UTF-8.", code: "invalid_json");
    }

    /// <summary>Escapes may spell half of a surrogate pair, which shows only when a string is decoded.</summary>
    private static void EnsureDecodable(JsonNode body, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("\\ud"u8) >= 0 || utf8.IndexOf("\\uD"u8) >= 0)
            DecodeAll(body);
    }

    private static void DecodeAll(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject group:
                foreach ((_, JsonNode? value) in group)
                    DecodeAll(value);
                break;
            case JsonArray list:
                foreach (JsonNode? item in list)
                    DecodeAll(item);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
        }
    }
}
