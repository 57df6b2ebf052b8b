using System.Text.Json;
using System.Text.Unicode;

namespace LlamaEngine.Formats;

/// <summary>Parses JSON that came with a model: bounded in size and depth, errors with file and offset.</summary>
internal static class JsonText
{
    private const int DeepestLevel = 64;

    /// <summary>Reads and parses a whole file.</summary>
    /// <param name="largest">Most bytes the file may have.</param>
    /// <exception cref="ModelFormatException">It is larger, or no JSON object.</exception>
    public static JsonDocument ReadObject(string path, int largest)
    {
        JsonDocument document = Parse(BoundedFile.ReadAllBytes(path, largest), path, 0);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return document;
        document.Dispose();
        throw new ModelFormatException(path, 0, "this is no JSON object.");
    }

    /// <summary>Parses a part of a file.</summary>
    /// <param name="start">Where in the file <paramref name="utf8"/> starts.</param>
    /// <remarks>Every string of the result decodes; System.Text.Json alone would find out only when it is asked for.</remarks>
    /// <exception cref="ModelFormatException">It is no JSON, no Unicode, or an object names a key twice.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string path, long start)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8))
            (utf8, start) = (utf8[3..], start + 3);
        if (!Utf8.IsValid(utf8.Span))
            throw new ModelFormatException(path, start, "the JSON here is not valid UTF-8.");
        try
        {
            JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = DeepestLevel, AllowDuplicateProperties = false });
            EnsureDecodable(document.RootElement, utf8.Span);
            return document;
        }
        catch (JsonException error)
        {
            throw new ModelFormatException(path, start + OffsetOf(error, utf8.Span), $"broken JSON: {Untrusted.Show(error.Message)}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException(path, start, "the JSON here contains half of a surrogate pair.", error);
        }
    }

    /// <summary>Escapes may spell half of a surrogate pair; keys were decoded when they were compared, values were not.</summary>
    private static void EnsureDecodable(JsonElement root, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("\\ud"u8) >= 0 || utf8.IndexOf("\\uD"u8) >= 0)
            DecodeAll(root);
    }

    /// <summary>Decodes every name and text.</summary>
    /// <exception cref="InvalidOperationException">One has half of a surrogate pair; whoever read it later would meet that.</exception>
    public static void DecodeAll(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                    DecodeAll(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    DecodeAll(property.Value);
                }
                break;
        }
    }

    /// <summary>The parser counts lines; a model file's reader wants bytes.</summary>
    private static long OffsetOf(JsonException error, ReadOnlySpan<byte> utf8)
    {
        int offset = 0;
        for (long line = error.LineNumber ?? 0; line > 0; line--)
        {
            int end = utf8[offset..].IndexOf((byte)'\n');
            if (end < 0)
                break;
            offset += end + 1;
        }
        return Math.Min(offset + (error.BytePositionInLine ?? 0), utf8.Length);
    }
}
