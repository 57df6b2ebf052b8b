using System.Runtime.InteropServices;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Tokenization.SentencePiece;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Gguf;

/// <summary>Reads a SentencePiece model from GGUF metadata (<c>tokenizer.ggml.model</c> is <c>llama</c>).</summary>
internal static class GgufPieces
{
    /// <summary>Reads the model.</summary>
    public static SentencePieceModel Read(GgufMetadata metadata)
    {
        Vocabulary vocabulary = GgufTokenizer.ReadVocabulary(metadata);
        return new SentencePieceModel
        {
            Vocabulary = vocabulary,
            Scores = ReadScores(metadata, vocabulary.Count),
            UnknownId = GgufTokenizer.ReadId(metadata, "unknown_token_id", vocabulary),
            HasByteFallback = HasAny(vocabulary, TokenKind.Byte),
            AddsDummyPrefix = metadata.GetBoolean("tokenizer.ggml.add_space_prefix") ?? true,
            RemovesExtraSpaces = metadata.GetBoolean("tokenizer.ggml.remove_extra_whitespaces") ?? false,
            CharsMap = ReadCharsMap(metadata),
            Rules = GgufTokenizer.ReadRules(metadata, vocabulary, addsBos: true),
        };
    }

    private static float[] ReadScores(GgufMetadata metadata, int count)
    {
        float[] scores = metadata.GetFloats("tokenizer.ggml.scores")
            ?? throw GgufTokenizer.Wrong(metadata, "has no tokenizer.ggml.scores.");
        if (scores.Length != count)
            throw GgufTokenizer.Wrong(metadata, $"has {count} tokens, but {scores.Length} scores.");
        return Array.Exists(scores, float.IsNaN)
            ? throw GgufTokenizer.Wrong(metadata, "has scores that are no numbers.")
            : scores;
    }

    private static PrecompiledCharsMap? ReadCharsMap(GgufMetadata metadata) =>
        metadata.Values.GetValueOrDefault("tokenizer.ggml.precompiled_charsmap") switch
        {
            null => null,
            byte[] { Length: > 0 } bytes => PrecompiledCharsMap.Read(metadata.File, bytes),
            sbyte[] { Length: > 0 } bytes => PrecompiledCharsMap.Read(metadata.File, MemoryMarshal.AsBytes<sbyte>(bytes)),
            _ => throw GgufTokenizer.Wrong(metadata, "has a tokenizer.ggml.precompiled_charsmap that is no array of bytes."),
        };

    private static bool HasAny(Vocabulary vocabulary, TokenKind kind) =>
        Enumerable.Range(0, vocabulary.Count).Any(id => vocabulary.Kind(id) == kind);
}
