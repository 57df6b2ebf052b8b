namespace LlamaEngine.Tokenization.Json;

/// <summary>What tokenizer_config.json says about the tokens around a text.</summary>
internal sealed record TokenizerConfig
{
    /// <summary>The file's name.</summary>
    public const string FileName = "tokenizer_config.json";

    /// <summary>The token that begins a sequence; null: it does not say.</summary>
    public string? Bos { get; init; }

    /// <summary>The token that ends a sequence; null: it does not say.</summary>
    public string? Eos { get; init; }

    /// <summary>A text gets <see cref="Bos"/> in front; null: it does not say.</summary>
    public bool? AddsBos { get; init; }

    /// <summary>A text gets <see cref="Eos"/> behind it; null: it does not say.</summary>
    public bool? AddsEos { get; init; }

    /// <summary>Names of tokens by id.</summary>
    public IReadOnlyDictionary<int, string> Names { get; init; } = new Dictionary<int, string>();

    /// <summary>Reads the file beside another one; what is not there is null.</summary>
    /// <param name="tokenizerFile">The tokenizer's file.</param>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static TokenizerConfig ReadBeside(string tokenizerFile)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(tokenizerFile)) ?? "", FileName);
        return File.Exists(path) ? JsonFile.Read(path, TokenizerFiles.ReadAll(path), Read) : new TokenizerConfig();
    }

    private static TokenizerConfig Read(JsonField root) => new()
    {
        Bos = ReadToken(root["bos_token"]),
        Eos = ReadToken(root["eos_token"]),
        AddsBos = root["add_bos_token"]?.AsFlag(),
        AddsEos = root["add_eos_token"]?.AsFlag(),
        Names = root["added_tokens_decoder"] is { } names ? ReadNames(names) : new Dictionary<int, string>(),
    };

    // A token stands there as text or as an object with its attributes.
    private static string? ReadToken(JsonField? token) => token is { } field
        ? field.IsText ? field.AsText() : field.TextOf("content")
        : null;

    private static Dictionary<int, string> ReadNames(JsonField names)
    {
        Dictionary<int, string> byId = [];
        foreach (var member in names.Members())
        {
            if (!int.TryParse(member.Name, out int id))
                throw names.Wrong($"has the key '{member.Name}', which is no id");
            byId[id] = names.Required(member.Name).TextOf("content");
        }
        return byId;
    }
}
