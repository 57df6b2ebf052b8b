using System.Text.Json;
using LlamaEngine.Formats.HuggingFace;

namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>Translates a tokenizer.json into GGUF metadata: byte-level BPE as <c>gpt2</c>, BPE with byte fallback as <c>llama</c>.</summary>
internal static class JsonVocabulary
{
    /// <summary>Adds the keys of the vocabulary and returns it.</summary>
    /// <param name="json">The whole tokenizer.json.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="size">Rows of the embedding.</param>
    /// <param name="metadata">Where the keys go.</param>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">GGUF has no words for this tokenizer.</exception>
    public static VocabularyTable Describe(JsonElement json, string file, int size, Dictionary<string, object> metadata)
    {
        try
        {
            ConfigReader root = new(json, file), model = root.Object("model") ?? throw Damage(file, "'model' is missing.");
            if (model.Text("type") is not (null or "BPE"))
                throw new UnsupportedModelException($"tokenizer model '{model.Text("type")}' ({file})", "BPE");
            bool byteFallback = model.Flag("byte_fallback") is true;
            VocabularyTable table = ReadTokens(json, file, size, byteFallback, model.Text("unk_token"));
            string[] merges = [.. Member(json.GetProperty("model"), "merges", JsonValueKind.Array, file).EnumerateArray().Select(merge => Merge(merge, file))];
            if (byteFallback)
                DescribeSentencePieces(json, file, table, merges, metadata);
            else
                DescribeByteLevel(json, file, table, merges, metadata);
            return table;
        }
        catch (InvalidOperationException error)
        {
            throw Damage(file, "a text is not valid Unicode.", error);
        }
    }

    private static void DescribeByteLevel(
        JsonElement json, string file, VocabularyTable table, string[] merges, Dictionary<string, object> metadata)
    {
        metadata["tokenizer.ggml.model"] = "gpt2";
        metadata["tokenizer.ggml.pre"] = PreTokenizerNames.Find(json, file);
        table.Describe(metadata, withScores: false);
        metadata["tokenizer.ggml.merges"] = merges;
    }

    /// <summary>
    /// SentencePiece merges the pair whose result has the highest score, tokenizer.json the pair that is listed first: so a
    /// token's score is minus the place of the first merge that makes it.
    /// </summary>
    private static void DescribeSentencePieces(
        JsonElement json, string file, VocabularyTable table, string[] merges, Dictionary<string, object> metadata)
    {
        metadata["tokenizer.ggml.model"] = "llama";
        metadata["tokenizer.ggml.pre"] = "default";
        metadata["tokenizer.ggml.add_space_prefix"] = AddsSpacePrefix(json, file);
        for (int i = merges.Length - 1; i >= 0; i--)
            table.SetScore(merges[i].Replace(" ", "", StringComparison.Ordinal), -i);
        table.Describe(metadata, withScores: true);
    }

    private static VocabularyTable ReadTokens(JsonElement json, string file, int size, bool byteFallback, string? unknown)
    {
        var table = new VocabularyTable(size);
        foreach (JsonProperty entry in Member(json.GetProperty("model"), "vocab", JsonValueKind.Object, file).EnumerateObject())
        {
            int type = entry.Name == unknown ? TokenTypes.Unknown
                : byteFallback && IsByte(entry.Name) ? TokenTypes.Byte
                : TokenTypes.Normal;
            table.Set(Id(entry.Value, file), entry.Name, type);
        }
        if (!json.TryGetProperty("added_tokens", out JsonElement added) || added.ValueKind != JsonValueKind.Array)
            return table;
        foreach (JsonElement token in added.EnumerateArray())
        {
            var reader = new ConfigReader(token.ValueKind == JsonValueKind.Object ? token : throw Damage(file, "an added token is no object."), file);
            string content = reader.Text("content") ?? throw Damage(file, "an added token has no 'content'.");
            int type = content == unknown ? TokenTypes.Unknown
                : reader.Flag("special") is true ? TokenTypes.Control
                : TokenTypes.UserDefined;
            table.Set(reader.RequiredSize("id"), content, type);
        }
        return table;
    }

    /// <summary>A merge is a pair of tokens, or both in one text with a space between them.</summary>
    private static string Merge(JsonElement merge, string file) => merge.ValueKind switch
    {
        JsonValueKind.String => merge.GetString()!,
        JsonValueKind.Array when merge.GetArrayLength() == 2 && merge.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String)
            => $"{merge[0].GetString()} {merge[1].GetString()}",
        _ => throw Damage(file, "a merge is no pair of tokens."),
    };

    /// <summary>The normalizer prepends ▁, or the pre-tokenizer does.</summary>
    private static bool AddsSpacePrefix(JsonElement json, string file)
    {
        IEnumerable<ConfigReader> normalizers = Parts(json, "normalizer", "normalizers", file);
        IEnumerable<ConfigReader> splitters = Parts(json, "pre_tokenizer", "pretokenizers", file);
        return normalizers.Any(step => step.Text("type") == "Prepend")
            || splitters.Any(step => step.Text("type") == "Metaspace" && step.Text("prepend_scheme") != "never" && step.Flag("add_prefix_space") is not false);
    }

    /// <summary>The steps of a pipeline stage: those of a sequence, or the one there is.</summary>
    private static IEnumerable<ConfigReader> Parts(JsonElement json, string stage, string list, string file)
    {
        if (!json.TryGetProperty(stage, out JsonElement step) || step.ValueKind != JsonValueKind.Object)
            return [];
        JsonElement[] steps = step.TryGetProperty(list, out JsonElement items) && items.ValueKind == JsonValueKind.Array
            ? [.. items.EnumerateArray()]
            : [step];
        return steps.Where(item => item.ValueKind == JsonValueKind.Object).Select(item => new ConfigReader(item, file));
    }

    private static bool IsByte(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && char.IsAsciiHexDigit(token[3]) && char.IsAsciiHexDigit(token[4]);

    private static int Id(JsonElement value, string file) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id)
        ? id
        : throw Damage(file, "a token has no id.");

    private static JsonElement Member(JsonElement json, string name, JsonValueKind kind, string file) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw Damage(file, $"'model.{name}' is missing.");

    private static ModelFormatException Damage(string file, string problem, Exception? cause = null) => new(file, null, problem, cause);
}
