namespace LlamaEngine.Tokenization.Splitting;

/// <summary>What becomes of a match, in the words of Hugging Face's tokenizers.</summary>
internal enum SplitBehavior
{
    /// <summary>It is left out.</summary>
    Removed,

    /// <summary>It is a piece of its own.</summary>
    Isolated,

    /// <summary>It ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>It begins the piece behind it.</summary>
    MergedWithNext,

    /// <summary>It forms one piece with the matches beside it.</summary>
    Contiguous,
}
