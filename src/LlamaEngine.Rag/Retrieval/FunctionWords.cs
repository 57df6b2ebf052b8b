using System.Collections.Frozen;

namespace LlamaEngine.Rag;

/// <summary>English words that say how a question is put rather than what it is about. They are neither looked for nor counted.</summary>
/// <remarks>
/// Short on purpose: articles, pronouns, auxiliaries, prepositions, conjunctions, question words and what is left of contractions where
/// the apostrophe separates. In another language nothing is on the list, and the words' rarity alone weighs them.
/// </remarks>
internal static class FunctionWords
{
    private static readonly FrozenSet<string> s_words = string.Join(
        ' ',
        "a an the this that these those some any each every",
        "i me my you your he him his she her it its we us our they them their one there here",
        "am is are was were be been being do does did doing done have has had having can could may might must shall should will would",
        "about above after against at before between by during for from in into of off on onto out over through to under up upon with within without",
        "and or but nor if than then so as because while though although not no",
        "what which who whom whose when where why how many much",
        "tell please say says said give",
        "s t d m ll re ve don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven hadn")
        .Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a word is one of them; case does not matter.</summary>
    public static bool Contains(string word) => s_words.Contains(word);
}
