using System.Text.Json;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads JSON files that may be damaged or hostile.</summary>
internal static class JsonFile
{
    /// <summary>Parses JSON and makes something of it. What System.Text.Json has to complain about becomes a <see cref="ModelFormatException"/>.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="content">What is in it.</param>
    public static T Read<T>(string file, ReadOnlyMemory<byte> content, Func<JsonField, T> make)
    {
        try
        {
            // Depth is limited (64), so that no nesting can exhaust the stack.
            using JsonDocument document = JsonDocument.Parse(WithoutByteOrderMark(content));
            return make(new JsonField(file, "", document.RootElement));
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, null, $"is no valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // Half a surrogate pair, broken UTF-8 or a value of the wrong kind shows only when it is asked for.
            throw new ModelFormatException(file, null, $"has a value that cannot be read: {e.Message}", e);
        }
    }

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> content) =>
        content.Span.StartsWith("\uFEFF"u8) ? content[3..] : content;
}
