namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>The kinds of tokens in <c>tokenizer.ggml.token_type</c>; SentencePiece numbers its pieces the same way.</summary>
internal static class TokenTypes
{
    public const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;
}
