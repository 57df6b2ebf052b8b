using LlamaEngine.Formats.Gguf;
using LlamaEngine.Tokenization.Gguf;

namespace LlamaEngine.Tokenization;

/// <summary>Turns text into token ids and back, exactly as the model's reference implementation does.</summary>
/// <remarks>Immutable and thread-safe. A <see cref="TokenDecoder"/> belongs to one caller.</remarks>
public abstract class Tokenizer
{
    private protected Tokenizer()
    {
    }

    /// <summary>Number of ids: valid ids are 0 … VocabularySize − 1.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The beginning-of-sequence token; null if the model has none.</summary>
    public abstract int? BosTokenId { get; }

    /// <summary>The end-of-sequence token; null if the model has none.</summary>
    public abstract int? EosTokenId { get; }

    /// <summary>The model's rule puts <see cref="BosTokenId"/> before a text.</summary>
    public abstract bool AddsBos { get; }

    /// <summary>The model's rule puts <see cref="EosTokenId"/> behind a text.</summary>
    public abstract bool AddsEos { get; }

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="path">A tokenizer.json, a tokenizer.model (SentencePiece or tiktoken), a GGUF file, or a folder with one of them.</param>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The tokenizer is of a kind that is not implemented.</exception>
    public static Tokenizer Load(string path) => TokenizerFiles.Load(path);

    /// <summary>Builds the tokenizer that a GGUF file describes.</summary>
    internal static Tokenizer FromGguf(GgufMetadata metadata) => GgufTokenizer.Create(metadata);

    /// <summary>Encodes text without BOS and EOS.</summary>
    /// <param name="text">The text; unpaired surrogates become U+FFFD.</param>
    /// <param name="allowSpecial">Special tokens written in the text become their ids; otherwise they are plain text.</param>
    public abstract int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false);

    /// <summary>Encodes text in which special tokens count, except those that have the mark in them; the mark itself is not part of the text.</summary>
    /// <param name="mark">A character that is no part of any token.</param>
    internal abstract int[] EncodeMarked(ReadOnlySpan<char> text, char mark);

    /// <summary>Encodes text with BOS and EOS as the model's rule has them.</summary>
    public int[] EncodeWithRules(ReadOnlySpan<char> text, bool allowSpecial = false)
    {
        int[] ids = Encode(text, allowSpecial);
        bool bos = AddsBos && BosTokenId is not null;
        bool eos = AddsEos && EosTokenId is not null;
        if (!bos && !eos)
            return ids;
        return [.. bos ? [BosTokenId!.Value] : ReadOnlySpan<int>.Empty, .. ids, .. eos ? [EosTokenId!.Value] : ReadOnlySpan<int>.Empty];
    }

    /// <summary>Decodes ids as the reference implementation does. Broken UTF-8 yields U+FFFD.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecial">Leave special (control) tokens out of the text.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public abstract string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false);

    /// <summary>The UTF-8 bytes a token contributes to text inside a sequence (a SentencePiece ▁ is a space here).</summary>
    public abstract ReadOnlySpan<byte> GetBytes(int id);

    /// <summary>True for control tokens such as &lt;|eot_id|&gt;.</summary>
    public abstract bool IsSpecial(int id);

    /// <summary>Finds the id of a token by its exact text (for example <c>&lt;|eot_id|&gt;</c>).</summary>
    public abstract bool TryGetId(string token, out int id);

    /// <summary>The token's text as the vocabulary writes it.</summary>
    public abstract string GetToken(int id);

    /// <summary>Makes a decoder for text that arrives token by token.</summary>
    /// <param name="skipSpecial">Leave special tokens out of the text.</param>
    public abstract TokenDecoder CreateDecoder(bool skipSpecial = true);
}

/// <summary>Decodes a stream of tokens; never emits half a character.</summary>
/// <remarks>Not thread-safe. The concatenation of everything it returns equals <see cref="Tokenizer.Decode"/> of the ids.</remarks>
public abstract class TokenDecoder
{
    private protected TokenDecoder()
    {
    }

    /// <summary>Takes the next token and returns the text that became complete, often one word, sometimes nothing.</summary>
    public abstract string Append(int id);

    /// <summary>Returns what is left (U+FFFD for an incomplete character) and starts anew.</summary>
    public abstract string Flush();
}
