using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>A SentencePiece BPE model, from tokenizer.model or from GGUF metadata.</summary>
internal sealed record SentencePieceModel
{
    /// <summary>The pieces by id.</summary>
    public required Vocabulary Vocabulary { get; init; }

    /// <summary>The pieces' scores by id: the highest merges first.</summary>
    public required float[] Scores { get; init; }

    /// <summary>The piece for what cannot be expressed; null if there is none.</summary>
    public int? UnknownId { get; init; }

    /// <summary>What an unknown piece says when decoded.</summary>
    public string UnknownSurface { get; init; } = " \u2047 ";

    /// <summary>Characters without a piece become pieces of their bytes.</summary>
    public bool HasByteFallback { get; init; }

    /// <summary>A text gets a space in front (or behind, see <see cref="PutsSpaceBehind"/>).</summary>
    public bool AddsDummyPrefix { get; init; } = true;

    /// <summary>Spaces at the ends go, and of several in a row one stays.</summary>
    public bool RemovesExtraSpaces { get; init; } = true;

    /// <summary>Spaces are written as ▁.</summary>
    public bool EscapesSpaces { get; init; } = true;

    /// <summary>The space that belongs to a word stands behind it.</summary>
    public bool PutsSpaceBehind { get; init; }

    /// <summary>Rewrites characters first; null: they stay as they are.</summary>
    public PrecompiledCharsMap? CharsMap { get; init; }

    /// <summary>Which tokens begin and end a sequence.</summary>
    public required SequenceRules Rules { get; init; }
}
