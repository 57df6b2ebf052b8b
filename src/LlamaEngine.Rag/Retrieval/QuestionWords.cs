using System.Globalization;
using System.Text;

namespace LlamaEngine.Rag;

/// <summary>The words of a question that count: those that are no function words, or all of them where there are no others.</summary>
/// <param name="Words">As they were written, and what the full-text index makes of them; each term once, no word without terms.</param>
internal sealed record QuestionWords(IReadOnlyList<(string Written, string[] Terms)> Words)
{
    /// <summary>Reads a question.</summary>
    public static QuestionWords Of(string question, FullTextTokenizer tokenizer)
    {
        List<string> written = Split(question);
        List<string> content = written.FindAll(word => !FunctionWords.Contains(word));
        QuestionWords words = Of(content, tokenizer);
        return words.Words.Count > 0 ? words : Of(written, tokenizer);
    }

    private static QuestionWords Of(List<string> written, FullTextTokenizer tokenizer)
    {
        List<string>[] terms = tokenizer.Terms(written);
        List<(string Written, string[] Terms)> words = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < written.Count; i++)
        {
            string[] fresh = [.. terms[i].Where(seen.Add)];
            if (fresh.Length > 0)
                words.Add((written[i], fresh));
        }
        return new QuestionWords(words);
    }

    /// <summary>The terms of all words, each once.</summary>
    public IEnumerable<string> Terms => Words.SelectMany(word => word.Terms);

    // A word is cut no finer than the full-text index cuts it, and holds nothing that its query language could take for syntax.
    internal static List<string> Split(string question)
    {
        List<string> words = [];
        StringBuilder word = new();
        foreach (Rune rune in question.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || IsMark(rune))
                word.Append(rune.ToString());
            else if (word.Length > 0)
                Take();
        }
        if (word.Length > 0)
            Take();
        return words;

        void Take()
        {
            words.Add(word.ToString());
            word.Clear();
        }
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
        or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
