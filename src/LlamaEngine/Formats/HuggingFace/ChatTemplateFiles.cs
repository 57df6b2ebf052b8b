using System.Text;
using System.Text.Json;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>Finds the chat template of a folder.</summary>
internal static class ChatTemplateFiles
{
    private const int LargestTemplate = 4 << 20;
    private const int LargestConfig = 64 << 20; // tokenizer_config.json lists every added token

    /// <summary>chat_template.jinja, else chat_template.json, else what tokenizer_config.json holds; null if there is none.</summary>
    public static string? Read(string folder)
    {
        string jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(jinja))
            return ReadText(jinja);
        return FromJson(Path.Combine(folder, "chat_template.json")) ?? FromJson(Path.Combine(folder, "tokenizer_config.json"));
    }

    private static string ReadText(string path)
    {
        ReadOnlySpan<byte> bytes = BoundedFile.ReadAllBytes(path, LargestTemplate);
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new ModelFormatException(path, Math.Max(0, error.Index), "the template is not valid UTF-8.", error);
        }
    }

    /// <summary>The template is a string, or a list of named ones of which "default" is for chats.</summary>
    private static string? FromJson(string path)
    {
        if (!File.Exists(path))
            return null;
        using JsonDocument document = JsonText.ReadObject(path, LargestConfig);
        if (!document.RootElement.TryGetProperty("chat_template", out JsonElement template))
            return null;
        if (template.ValueKind != JsonValueKind.Array)
            return new ConfigReader(document.RootElement, path).Text("chat_template");
        foreach (JsonElement item in template.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException(path, null, "'chat_template' lists something that is no object.");
            var named = new ConfigReader(item, path);
            if (named.Text("name") == "default")
                return named.Text("template");
        }
        return null;
    }
}
