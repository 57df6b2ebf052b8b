using System.Collections.Frozen;
using AngleSharp.Html.Parser;
using AngleSharp.Html.Parser.Tokens;

namespace LlamaEngine.Rag;

/// <summary>Ends the reading of markup that opens elements and does not close them: the parser's time grows with the square of their number.</summary>
/// <param name="path">The file, for the message.</param>
internal sealed class HtmlDepthGuard(string path)
{
    private const int MaxOpen = 1_000;

    /// <summary>Those that never stay open, or are closed by what follows.</summary>
    private static readonly FrozenSet<string> Uncounted = (
        "area base br col embed hr img input link meta param source track wbr html head body p li dt dd option optgroup rb rp rt rtc tr td th thead tbody " +
        "tfoot colgroup caption").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private readonly Dictionary<string, int> _open = [];
    private int _total;

    /// <summary>Looks at the next token.</summary>
    /// <exception cref="DocumentFormatException">Too many elements are open.</exception>
    public void See(HtmlToken token)
    {
        if (token.Type is not (HtmlTokenType.StartTag or HtmlTokenType.EndTag) || Uncounted.Contains(token.Name))
            return;
        int open = _open.GetValueOrDefault(token.Name);
        int change = token.Type == HtmlTokenType.StartTag ? 1 : open > 0 ? -1 : 0;
        _open[token.Name] = open + change;
        _total += change;
        if (_total > MaxOpen)
            throw new DocumentFormatException($"'{path}' cannot be read as HTML: it nests more than {MaxOpen:N0} elements, or does not close them.");
    }
}
