using System.Text;
using AngleSharp.Dom;

namespace LlamaEngine.Rag;

/// <summary>Goes through a page in its order and hands over what is to be read.</summary>
/// <param name="blocks">Takes it.</param>
/// <param name="firstLine">The line of the file in which the markup begins.</param>
internal sealed class HtmlWalker(BlockCollector blocks, int firstLine)
{
    private readonly StringBuilder _text = new();
    private readonly int _above = firstLine - 1;
    private int _line;
    private int _begin;

    /// <summary>Reads an element and all below it.</summary>
    public void Walk(IElement element)
    {
        Visit(element);
        Flush();
    }

    private void WalkChildren(INode node)
    {
        foreach (INode child in node.ChildNodes)
        {
            switch (child)
            {
                case IText text:
                    Append(text.Data);
                    break;
                case IElement element:
                    Visit(element);
                    break;
                default:
                    _line += Lines(child.NodeValue);
                    break;
            }
        }
    }

    private void Visit(IElement element)
    {
        if (element.SourceReference is { } source)
            _line = _above + source.Position.Line;
        HtmlRole role = HtmlRoles.Of(element);
        if (role == HtmlRole.Inline)
        {
            WalkChildren(element);
            return;
        }
        if (role == HtmlRole.Space)
            _text.Append(' ');
        if (role is HtmlRole.Hidden or HtmlRole.Space)
        {
            _line += Lines(element.TextContent);
            return;
        }
        Flush();
        int begin = _line;
        switch (role)
        {
            case HtmlRole.Heading:
                blocks.AddHeading(element.LocalName[1] - '0', HtmlRoles.TextOf(element));
                _line += Lines(element.TextContent);
                break;
            case HtmlRole.Code:
                blocks.AddCode(HtmlRoles.TextOf(element, keepLines: true), begin);
                _line += Lines(element.TextContent);
                break;
            case HtmlRole.Table:
                AddRows(element, begin);
                break;
            default:
                WalkChildren(element);
                break;
        }
        Flush();
    }

    private void AddRows(IElement table, int begin)
    {
        foreach ((IElement row, string text) in HtmlTable.Read(table))
            blocks.AddText(text, row.SourceReference is { } source ? _above + source.Position.Line : begin);
        _line += Lines(table.TextContent);
    }

    private void Append(string data)
    {
        int space = 0;
        while (space < data.Length && char.IsWhiteSpace(data[space]))
            space++;
        if (_text.Length == 0)
            _begin = _line + Lines(data.AsSpan(0, space));
        _line += Lines(data);
        if (_text.Length > 0 || space < data.Length)
            _text.Append(data);
    }

    private void Flush()
    {
        blocks.AddText(_text.ToString(), _begin);
        _text.Clear();
    }

    private static int Lines(ReadOnlySpan<char> text) => text.Count('\n');
}
