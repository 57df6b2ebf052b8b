using System.Collections.Frozen;
using System.Text;
using AngleSharp.Dom;

namespace LlamaEngine.Rag;

/// <summary>What an element is for the flow of text.</summary>
internal enum HtmlRole
{
    Inline,
    Space,
    Block,
    Heading,
    Code,
    Table,
    Hidden,
}

/// <summary>Tells what elements are, and the text of one.</summary>
internal static class HtmlRoles
{
    private static readonly FrozenDictionary<string, HtmlRole> Roles = new (string Names, HtmlRole Role)[]
    {
        ("script style template noscript nav head title meta link iframe object embed applet audio video canvas svg map select option datalist button input " +
            "textarea progress meter menu noframes noembed frameset rp", HtmlRole.Hidden),
        ("br wbr img hr", HtmlRole.Space),
        ("address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form header hgroup html " +
            "legend li listing main ol p search section summary tbody td tfoot th thead tr ul", HtmlRole.Block),
        ("h1 h2 h3 h4 h5 h6", HtmlRole.Heading),
        ("pre xmp plaintext", HtmlRole.Code),
        ("table", HtmlRole.Table),
    }.SelectMany(group => group.Names.Split(' ').Select(name => (name, group.Role))).ToFrozenDictionary(pair => pair.name, pair => pair.Role);

    /// <summary>What an element is; unknown ones flow with the text.</summary>
    public static HtmlRole Of(IElement element)
    {
        if (IsHidden(element))
            return HtmlRole.Hidden;
        HtmlRole role = Roles.GetValueOrDefault(element.LocalName, HtmlRole.Inline);
        return role == HtmlRole.Table && !HtmlTable.IsData(element) ? HtmlRole.Block : role;
    }

    /// <summary>The visible text below an element.</summary>
    /// <param name="keepLines">A line break element is a line break, not a space.</param>
    public static string TextOf(IElement element, bool keepLines = false)
    {
        StringBuilder text = new();
        Append(element, text, keepLines);
        return text.ToString();
    }

    private static void Append(INode node, StringBuilder text, bool keepLines)
    {
        foreach (INode child in node.ChildNodes)
        {
            if (child is IText data)
                text.Append(data.Data);
            if (child is not IElement element)
                continue;
            HtmlRole role = Of(element);
            if (role == HtmlRole.Hidden)
                continue;
            if (role != HtmlRole.Inline)
                text.Append(keepLines && element.LocalName == "br" ? '\n' : ' ');
            Append(element, text, keepLines);
            if (role != HtmlRole.Inline && !keepLines)
                text.Append(' ');
        }
    }

    private static bool IsHidden(IElement element)
    {
        if (element.HasAttribute("hidden") || element.GetAttribute("aria-hidden") == "true" || element.GetAttribute("role") == "navigation")
            return true;
        if (element.LocalName == "dialog" && !element.HasAttribute("open"))
            return true;
        if (element.GetAttribute("style") is not { Length: > 0 } style)
            return false;
        string squeezed = string.Concat(style.Where(c => !char.IsWhiteSpace(c)));
        return squeezed.Contains("display:none", StringComparison.OrdinalIgnoreCase) || squeezed.Contains("visibility:hidden", StringComparison.OrdinalIgnoreCase);
    }
}
