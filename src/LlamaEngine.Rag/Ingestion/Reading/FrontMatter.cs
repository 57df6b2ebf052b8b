namespace LlamaEngine.Rag;

/// <summary>The lines between "---" at the head of a Markdown file.</summary>
internal static class FrontMatter
{
    /// <summary>The value of "title:", without quotes; null if there is none.</summary>
    public static string? Title(string lines)
    {
        foreach (string line in CleanText.SplitLines(lines))
        {
            if (!line.StartsWith("title:", StringComparison.OrdinalIgnoreCase))
                continue;
            ReadOnlySpan<char> value = line.AsSpan("title:".Length).Trim();
            bool quoted = value.Length > 1 && value[0] is '"' or '\'' && value[^1] == value[0];
            // Values that go on below (| and >) are not read: no title is better than a sign.
            return quoted ? value[1..^1].ToString() : value.Length == 0 || value[0] is '|' or '>' ? null : value.ToString();
        }
        return null;
    }
}
