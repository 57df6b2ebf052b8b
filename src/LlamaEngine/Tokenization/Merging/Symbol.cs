namespace LlamaEngine.Tokenization.Merging;

/// <summary>A stretch of the word being merged: at first a character or byte, in the end a token.</summary>
internal struct Symbol
{
    /// <summary>Where it starts in the word's bytes.</summary>
    public int Start;

    /// <summary>Its length in bytes; 0 once another symbol has swallowed it.</summary>
    public int Length;

    /// <summary>Its token; −1 if no token has these bytes.</summary>
    public int Id;

    /// <summary>Index of the symbol before it; −1 at the start. Used for long words only.</summary>
    public int Previous;

    /// <summary>Index of the symbol behind it; −1 at the end. Used for long words only.</summary>
    public int Next;
}
