using System.Globalization;
using System.Text;

namespace LlamaEngine.Cli.Json;

/// <summary>
/// JSON can spell half of a surrogate pair (<c>"\ud800"</c>), which no UTF-8 text can hold and System.Text.Json refuses to
/// read. Such an escape is replaced by U+FFFD's before the text is parsed, as Unicode advises for ill-formed text.
/// </summary>
internal static class LoneSurrogates
{
    private const int EscapeLength = 6;
    private const string Replacement = "\\ufffd";

    /// <summary>The same JSON without escaped halves of pairs.</summary>
    public static string Replace(string json)
    {
        if (!json.Contains("\\u", StringComparison.Ordinal))
            return json;
        StringBuilder result = new(json.Length);
        int position = 0;
        while (position < json.Length)
        {
            int length = UnitAt(json, position, out bool isLone);
            result.Append(isLone ? Replacement : json.AsSpan(position, length));
            position += length;
        }
        return result.ToString();
    }

    // The length of the character, the escape or the pair of escapes at a position.
    private static int UnitAt(string json, int position, out bool isLone)
    {
        isLone = false;
        if (json[position] != '\\')
            return 1;
        if (!TryReadEscape(json, position, out char first))
            return Math.Min(2, json.Length - position);
        if (char.IsHighSurrogate(first) && TryReadEscape(json, position + EscapeLength, out char second) && char.IsLowSurrogate(second))
            return 2 * EscapeLength;
        isLone = char.IsSurrogate(first);
        return EscapeLength;
    }

    private static bool TryReadEscape(string json, int position, out char value)
    {
        value = default;
        if (position + EscapeLength > json.Length || json[position] != '\\' || json[position + 1] != 'u')
            return false;
        if (!ushort.TryParse(json.AsSpan(position + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
            return false;
        value = (char)code;
        return true;
    }
}
