namespace LlamaEngine.Tokenization.Splitting;

/// <summary>
/// Words that begin with ▁, the sign for a space. Where no token has ▁ behind another character, nothing merges across the
/// start of a word, and a long text can be merged word by word with the same result.
/// </summary>
internal static class SpaceSignWords
{
    /// <summary>▁ in UTF-8.</summary>
    public static ReadOnlySpan<byte> Sign => "\u2581"u8;

    /// <summary>Whether a token allows merging word by word: it has ▁ at its start only, if at all.</summary>
    public static bool Allows(ReadOnlySpan<byte> token)
    {
        while (token.StartsWith(Sign))
            token = token[Sign.Length..];
        return token.IndexOf(Sign) < 0;
    }

    /// <summary>Where the word that begins at <paramref name="start"/> ends.</summary>
    public static int End(ReadOnlySpan<byte> text, int start)
    {
        while (text[start..].StartsWith(Sign))
            start += Sign.Length;
        int length = text[start..].IndexOf(Sign);
        return length < 0 ? text.Length : start + length;
    }
}
