namespace LlamaEngine.Formats;

/// <summary>Makes text from a file fit to be shown in a message: short, and without control characters.</summary>
internal static class Untrusted
{
    private const int Longest = 80;

    /// <summary>The text, cut after 80 characters; control characters become U+FFFD.</summary>
    public static string Show(string text)
    {
        ReadOnlySpan<char> shown = text.Length <= Longest ? text : text.AsSpan(0, Longest);
        return string.Create(shown.Length + (shown.Length < text.Length ? 1 : 0), shown, static (result, source) =>
        {
            result.Fill('…');
            for (int i = 0; i < source.Length; i++)
                result[i] = char.IsControl(source[i]) ? '\uFFFD' : source[i];
        });
    }
}
