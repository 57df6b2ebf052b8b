using LlamaEngine.Formats.Gguf;
using LlamaEngine.Tokenization.SentencePiece;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Gguf;

/// <summary>Builds the tokenizer that GGUF metadata describes (keys <c>tokenizer.ggml.*</c>).</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Builds the tokenizer.</summary>
    /// <exception cref="ModelFormatException">The metadata contradict themselves.</exception>
    /// <exception cref="UnsupportedModelException">They ask for something that is not implemented.</exception>
    public static Tokenizer Create(GgufMetadata metadata) => metadata.GetString(Prefix + "model") switch
    {
        "gpt2" => GgufBytePairs.Create(metadata),
        "llama" => new SentencePieceTokenizer(metadata.File, GgufPieces.Read(metadata)),
        null => throw Wrong(metadata, "says nothing of a tokenizer (no tokenizer.ggml.model)."),
        var other => throw new UnsupportedModelException($"GGUF tokenizer model '{other}'", "gpt2 (byte-level BPE) and llama (SentencePiece BPE)"),
    };

    /// <summary>Reads the tokens and their kinds.</summary>
    public static Vocabulary ReadVocabulary(GgufMetadata metadata)
    {
        string[] tokens = metadata.GetStrings(Prefix + "tokens") ?? throw Wrong(metadata, "has no tokenizer.ggml.tokens.");
        int[]? kinds = metadata.GetInts(Prefix + "token_type");
        if (kinds is not null && kinds.Length != tokens.Length)
            throw Wrong(metadata, $"has {tokens.Length} tokens, but {kinds.Length} token types.");
        var vocabulary = new Vocabulary(tokens.Length);
        for (int id = 0; id < tokens.Length; id++)
        {
            int kind = kinds?[id] ?? (int)TokenKind.Normal;
            if (kind is < 0 or > (int)TokenKind.Byte)
                throw Wrong(metadata, $"gives token {id} the unknown type {kind}.");
            vocabulary.TrySet(id, tokens[id], kind == 0 ? TokenKind.Normal : (TokenKind)kind);
        }
        return vocabulary;
    }

    /// <summary>Reads which tokens begin and end a sequence.</summary>
    /// <param name="addsBos">Whether BOS is added where the metadata do not say.</param>
    public static SequenceRules ReadRules(GgufMetadata metadata, Vocabulary vocabulary, bool addsBos) => new()
    {
        Bos = ReadId(metadata, "bos_token_id", vocabulary),
        Eos = ReadId(metadata, "eos_token_id", vocabulary),
        AddsBos = metadata.GetBoolean(Prefix + "add_bos_token") ?? addsBos,
        AddsEos = metadata.GetBoolean(Prefix + "add_eos_token") ?? false,
    };

    /// <summary>Reads the id of a token; null if the metadata do not name it.</summary>
    public static int? ReadId(GgufMetadata metadata, string key, Vocabulary vocabulary) => metadata.GetInteger(Prefix + key) switch
    {
        null => null,
        // Files write −1 (as an unsigned number) for a token that does not exist.
        -1 or uint.MaxValue => null,
        >= 0 and var id when id < vocabulary.Count => (int)id,
        var id => throw Wrong(metadata, $"has {Prefix}{key} = {id}, but only {vocabulary.Count} tokens."),
    };

    /// <summary>The exception for metadata that contradict themselves.</summary>
    public static ModelFormatException Wrong(GgufMetadata metadata, string problem) => new(metadata.File, null, problem);
}
