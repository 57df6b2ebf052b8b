namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>A token that is cut out of the text before anything else is done with it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>It steers the model: recognized in text only where the caller allows it.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>It swallows white space before it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>It swallows white space behind it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>It counts only where no word character stands beside it.</summary>
    public bool IsSingleWord { get; init; }

    /// <summary>It is looked for in the normalized text; otherwise in the text as given.</summary>
    public bool IsNormalized { get; init; }
}
