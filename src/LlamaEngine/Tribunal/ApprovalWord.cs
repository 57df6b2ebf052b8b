namespace LlamaEngine.Tribunal;

/// <summary>How a critic ends a tribunal.</summary>
internal static class ApprovalWord
{
    /// <summary>Refuses a word that could not be recognized.</summary>
    /// <exception cref="ArgumentException">It is empty, or has something else than letters and digits at its ends.</exception>
    public static void Check(string? word)
    {
        if (word is not null && (word.Length == 0 || Bare(word).Length < word.Length))
            throw new ArgumentException($"{nameof(TribunalOptions.ApprovalWord)} must begin and end with a letter or a digit.", nameof(word));
    }

    /// <summary>A critique is the word and nothing else, whatever its case and its punctuation.</summary>
    public static bool IsSaid(string word, string critique) => Bare(critique).Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>A text without what is neither letter nor digit at its ends.</summary>
    private static ReadOnlySpan<char> Bare(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && !char.IsLetterOrDigit(text[start]))
            start++;
        while (end > start && !char.IsLetterOrDigit(text[end - 1]))
            end--;
        return text.AsSpan(start, end - start);
    }
}
