using System.Text;

namespace LlamaEngine.Rag;

/// <summary>Text as it is kept: without what the eye would not see.</summary>
/// <remarks>
/// Control characters go, because a terminal that prints a passage must not be steered by it. Invisible characters and those that turn the direction
/// of writing go, because a person and a model are to read the same. All else stays, text that looks like a model's control tokens as well: what it
/// means is decided where it is tokenized.
/// </remarks>
internal static class CleanText
{
    /// <summary>On one line: each run of white space becomes one space, none is left at the ends.</summary>
    public static string OneLine(ReadOnlySpan<char> text)
    {
        StringBuilder line = new(text.Length);
        bool space = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsWhiteSpace(text[i]))
                space = line.Length > 0;
            else if (IsTag(text, i))
                i++;
            else if (!IsUnseen(text[i]))
            {
                if (space)
                    line.Append(' ');
                line.Append(text[i]);
                space = false;
            }
        }
        return line.ToString();
    }

    /// <summary>Line by line, with what they begin with; empty lines at both ends and white space at the lines' ends go.</summary>
    public static string Lines(string text)
    {
        List<string> lines = [];
        foreach (string line in SplitLines(text))
            lines.Add(Visible(line).TrimEnd());
        int first = lines.FindIndex(line => line.Length > 0);
        return first < 0 ? "" : string.Join('\n', lines[first..(lines.FindLastIndex(line => line.Length > 0) + 1)]);
    }

    /// <summary>The lines of a file as an editor counts them: they end with CR, LF or both, and with nothing else.</summary>
    public static string[] SplitLines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');

    private static string Visible(ReadOnlySpan<char> line)
    {
        StringBuilder visible = new(line.Length);
        for (int i = 0; i < line.Length; i++)
        {
            if (IsTag(line, i))
                i++;
            else if (line[i] == '\t' || !IsUnseen(line[i]))
                visible.Append(line[i]);
        }
        return visible.ToString();
    }

    private static bool IsUnseen(char c) =>
        char.IsControl(c) || c is '\u00AD' or '\u200B' or '\uFEFF' or (>= '\u202A' and <= '\u202E') or (>= '\u2060' and <= '\u206F');

    /// <summary>The invisible letters U+E0000 … U+E007F, each a pair of characters.</summary>
    private static bool IsTag(ReadOnlySpan<char> text, int at) =>
        text[at] == '\uDB40' && at + 1 < text.Length && text[at + 1] is >= '\uDC00' and <= '\uDC7F';
}
