namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>What a token is for. The numbers are those of SentencePiece models and of GGUF's token_type.</summary>
internal enum TokenKind : byte
{
    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>Stands for text that the vocabulary cannot express.</summary>
    Unknown = 2,

    /// <summary>Steers the model and is no text, for example an end of turn.</summary>
    Control = 3,

    /// <summary>Added text that is always cut out whole.</summary>
    UserDefined = 4,

    /// <summary>May arise while merging, but is never an answer.</summary>
    Unused = 5,

    /// <summary>One byte of a character that the vocabulary lacks.</summary>
    Byte = 6,
}
