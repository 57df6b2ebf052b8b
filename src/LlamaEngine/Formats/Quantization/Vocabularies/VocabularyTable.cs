namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>The tokens of a vocabulary by id, as GGUF metadata lists them: one for each row of the embedding.</summary>
/// <param name="size">Rows of the embedding; ids beyond them cannot be computed with and are left out.</param>
internal sealed class VocabularyTable(int size)
{
    private readonly string?[] _tokens = new string?[size];
    private readonly int[] _types = new int[size];
    private readonly float[] _scores = new float[size];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    /// <summary>Enters a token; a later entry replaces an earlier one.</summary>
    public void Set(int id, string token, int type, float score = 0)
    {
        if (id < 0 || id >= size)
            return;
        (_tokens[id], _types[id], _scores[id]) = (token, type, score);
        _ids[token] = id;
    }

    /// <summary>The id of a token; null if there is none.</summary>
    public int? Find(string? token) => token is not null && _ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>The text of a token; null if the id is unknown.</summary>
    public string? TextOf(int id) => id >= 0 && id < size ? _tokens[id] : null;

    /// <summary>Replaces the score of a token, if there is such a token.</summary>
    public void SetScore(string token, float score)
    {
        if (Find(token) is { } id)
            _scores[id] = score;
    }

    /// <summary>Adds the lists to GGUF metadata; ids without a token get a placeholder that no text produces.</summary>
    public void Describe(Dictionary<string, object> metadata, bool withScores)
    {
        var tokens = new string[size];
        var types = new int[size];
        for (int id = 0; id < size; id++)
            (tokens[id], types[id]) = _tokens[id] is { } token ? (token, _types[id]) : ($"[PAD{id}]", TokenTypes.Unused);
        metadata["tokenizer.ggml.tokens"] = tokens;
        metadata["tokenizer.ggml.token_type"] = types;
        if (withScores)
            metadata["tokenizer.ggml.scores"] = _scores;
    }
}
