namespace LlamaEngine.Rag;

/// <summary>Which passages the model is shown, and in what order: so that as much as possible of the prompt was computed before.</summary>
internal static class PassageSelection
{
    /// <summary>Chooses.</summary>
    /// <param name="needed">What the answer needs, the best first; the first of them is always shown.</param>
    /// <param name="others">What may be of use, the best first.</param>
    /// <param name="previous">What the model was shown for the conversation's last question; it stays in front while all fits.</param>
    /// <param name="tokens">At most so many tokens.</param>
    public static IReadOnlyList<Passage> Choose(IReadOnlyList<Passage> needed, IReadOnlyList<Passage> others, IReadOnlyList<Passage> previous, int tokens)
    {
        if (previous.Count > 0)
        {
            HashSet<long> shown = [.. previous.Select(passage => passage.Id)];
            List<Passage> together = [.. previous, .. needed.Where(passage => shown.Add(passage.Id))];
            if (together.Sum(passage => passage.Tokens) <= tokens)
                return together;
        }
        List<Passage> chosen = [];
        int taken = 0;
        foreach (Passage passage in needed.Concat(others).DistinctBy(passage => passage.Id))
        {
            if (chosen.Count > 0 && taken + passage.Tokens > tokens)
                continue;
            chosen.Add(passage);
            taken += passage.Tokens;
        }
        // In the order of the documents: questions that find the same passages make the same prompt, whichever of them ranks first.
        return [.. chosen.OrderBy(passage => passage.Document, StringComparer.Ordinal).ThenBy(passage => passage.Start)];
    }
}
