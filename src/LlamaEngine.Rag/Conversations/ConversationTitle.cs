namespace LlamaEngine.Rag;

/// <summary>What a conversation is called that was given no title.</summary>
internal static class ConversationTitle
{
    /// <summary>Most characters of a title; <see cref="Shorten"/> ends a longer one with "…".</summary>
    public const int MostCharacters = 60;

    /// <summary>A question as one line, cut between words where there is a place in its second half.</summary>
    public static string Shorten(string question)
    {
        string line = string.Join(' ', question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= MostCharacters)
            return line;
        int end = line.LastIndexOf(' ', MostCharacters - 1, MostCharacters / 2);
        if (end < 0)
            end = MostCharacters - 1;
        if (char.IsHighSurrogate(line[end - 1]))
            end--; // a character outside the basic plane is not cut in two
        return line[..end] + "…";
    }
}
