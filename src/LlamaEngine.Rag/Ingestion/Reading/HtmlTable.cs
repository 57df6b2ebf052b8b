using AngleSharp.Dom;

namespace LlamaEngine.Rag;

/// <summary>Tables of a page: those that hold data, and those that only arrange it.</summary>
internal static class HtmlTable
{
    /// <summary>Whether it holds data; one with tables, headings or lists in its cells arranges a page, and its cells are read as parts of it.</summary>
    public static bool IsData(IElement table) => table.QuerySelector("table, h1, h2, h3, h4, h5, h6, ul, ol, dl, pre, blockquote") is null;

    /// <summary>The rows with something to read, as text.</summary>
    public static IEnumerable<(IElement Row, string Text)> Read(IElement table)
    {
        bool spansRows = table.QuerySelector("[rowspan]") is not null;
        List<string>? headings = null;
        foreach (IElement part in table.QuerySelectorAll("tr, caption"))
        {
            if (HtmlRoles.Of(part) == HtmlRole.Hidden)
                continue;
            IElement[] cells = part.LocalName == "caption" ? [part] : [.. part.Children.Where(cell => cell.LocalName is "td" or "th" && HtmlRoles.Of(cell) != HtmlRole.Hidden)];
            if (cells.Length > 1 && headings is null && !spansRows && cells.All(cell => cell.LocalName == "th"))
                headings = Texts(cells);
            else
                yield return (part, RowText(cells, headings));
        }
    }

    private static string RowText(IElement[] cells, List<string>? headings)
    {
        List<string> texts = Texts(cells);
        if (headings is not null)
            return TableText.Row(headings, texts);
        bool named = cells.Length > 1 && cells[0].LocalName == "th" && cells.Skip(1).All(cell => cell.LocalName == "td");
        return named ? TableText.Row([texts[0]], [TableText.Row(texts[1..])]) : TableText.Row(texts);
    }

    /// <summary>The cells' texts by column: one that spans several stands in the first.</summary>
    private static List<string> Texts(IElement[] cells)
    {
        List<string> texts = [];
        foreach (IElement cell in cells)
        {
            texts.Add(HtmlRoles.TextOf(cell));
            int span = int.TryParse(cell.GetAttribute("colspan"), out int columns) ? Math.Clamp(columns, 1, 100) : 1;
            for (int i = 1; i < span; i++)
                texts.Add("");
        }
        return texts;
    }
}
