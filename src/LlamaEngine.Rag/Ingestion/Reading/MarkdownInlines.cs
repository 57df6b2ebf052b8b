using System.Collections.Frozen;
using System.Text;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.TaskLists;
using Markdig.Syntax.Inlines;

namespace LlamaEngine.Rag;

/// <summary>The text of a paragraph or heading, without markup.</summary>
internal static class MarkdownInlines
{
    /// <summary>The tags that are markup. Others, such as "&lt;file&gt;" in the usage of a command, are meant to be read.</summary>
    private static readonly FrozenSet<string> Elements = (
        "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br button canvas caption center cite code " +
        "col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 " +
        "h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noembed " +
        "noframes noscript object ol optgroup option output p param picture plaintext pre progress q rb rp rt rtc ruby s samp script search section select " +
        "slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var " +
        "video wbr xmp").Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> IsElement = Elements.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>What a reader of the rendered page would read; links and images are their text.</summary>
    public static string TextOf(ContainerInline? inlines)
    {
        StringBuilder text = new();
        string? skipped = null;
        if (inlines is not null)
            Append(inlines, text, ref skipped);
        return text.ToString();
    }

    /// <param name="skipped">The element, script or style, that is open: what is in it is left out.</param>
    private static void Append(ContainerInline container, StringBuilder text, ref string? skipped)
    {
        foreach (Inline inline in container)
        {
            if (inline is HtmlInline html)
                AppendTag(html.Tag, text, ref skipped);
            else if (inline is ContainerInline inner)
                Append(inner, text, ref skipped);
            else if (skipped is null)
                AppendLeaf(inline, text);
        }
    }

    private static void AppendLeaf(Inline inline, StringBuilder text)
    {
        switch (inline)
        {
            case LiteralInline literal:
                text.Append(literal.Content.AsSpan());
                break;
            case CodeInline code:
                text.Append(code.Content);
                break;
            case LineBreakInline:
                text.Append(' ');
                break;
            case AutolinkInline link:
                text.Append(link.Url);
                break;
            case HtmlEntityInline entity:
                text.Append(entity.Transcoded.AsSpan());
                break;
            case FootnoteLink or TaskList:
                break;
            default:
                text.Append(inline);
                break;
        }
    }

    private static void AppendTag(string tag, StringBuilder text, ref string? skipped)
    {
        if (skipped is not null)
        {
            if (tag.StartsWith($"</{skipped}", StringComparison.OrdinalIgnoreCase))
                skipped = null;
            return;
        }
        ReadOnlySpan<char> name = NameOf(tag);
        if (name.Equals("script", StringComparison.OrdinalIgnoreCase) && tag[1] != '/')
            skipped = "script";
        else if (name.Equals("style", StringComparison.OrdinalIgnoreCase) && tag[1] != '/')
            skipped = "style";
        else if (name.Equals("br", StringComparison.OrdinalIgnoreCase))
            text.Append(' ');
        else if (name.Length > 0 && !name.Contains('-') && !IsElement.Contains(name))
            text.Append(tag);
    }

    /// <summary>The element's name; empty for comments, declarations and processing instructions.</summary>
    private static ReadOnlySpan<char> NameOf(string tag)
    {
        ReadOnlySpan<char> name = tag.AsSpan(1).TrimStart('/');
        int length = 0;
        while (length < name.Length && (char.IsAsciiLetterOrDigit(name[length]) || name[length] == '-'))
            length++;
        return name.Length > 0 && char.IsAsciiLetter(name[0]) ? name[..length] : default;
    }
}
