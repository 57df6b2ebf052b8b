using Markdig;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Tables;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace LlamaEngine.Rag;

/// <summary>Reads .md and .markdown: CommonMark with pipe tables, footnotes, task lists and YAML front matter, whose title counts.</summary>
/// <remarks>
/// Links and images become their text. HTML's tags within text and comments go, text between tags stays, except
/// that of scripts and styles; tags that HTML does not know, such as <c>&lt;file&gt;</c>, are text. Blocks of HTML are
/// read as <see cref="HtmlReader"/> reads them. What looks like a model's control token (<c>&lt;|eot_id|&gt;</c>) is text and stays. Thread-safe.
/// </remarks>
/// <param name="maxBytes">Longer files are refused; at least 1.</param>
public sealed class MarkdownReader(long maxBytes = DocumentReaders.DefaultMaxBytes) : IDocumentReader
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UseYamlFrontMatter().UsePipeTables().UseFootnotes().UseTaskLists().UseEmphasisExtras().UseAlertBlocks().UsePreciseSourceLocation().Build();

    private readonly long _maxBytes = DocumentReaders.CheckLimit(maxBytes);

    /// <inheritdoc/>
    public bool CanRead(string path) => DocumentReaders.HasExtension(path, ".md", ".markdown");

    /// <inheritdoc/>
    public DocumentContent Read(Stream content, string path)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(path);
        BlockCollector blocks = new(path);
        AddAll(Parse(DocumentBytes.ReadText(content, path, _maxBytes), path), path, blocks);
        return blocks.ToContent();
    }

    private static MarkdownDocument Parse(string text, string path)
    {
        try
        {
            return Markdown.Parse(text, Pipeline);
        }
        catch (ArgumentException exception)
        {
            // What Markdig throws where quotes, lists or emphasis are nested deeper than its limit.
            throw new DocumentFormatException($"'{path}' cannot be read as Markdown: {exception.Message}", exception);
        }
    }

    private static void AddAll(ContainerBlock container, string path, BlockCollector blocks)
    {
        foreach (Block block in container)
            Add(block, path, blocks);
    }

    private static void Add(Block block, string path, BlockCollector blocks)
    {
        int line = block.Line + 1;
        switch (block)
        {
            case YamlFrontMatterBlock matter:
                blocks.Title = FrontMatter.Title(matter.Lines.ToString());
                break;
            case HeadingBlock heading:
                blocks.AddHeading(heading.Level, MarkdownInlines.TextOf(heading.Inline));
                break;
            case HtmlBlock html:
                HtmlReader.Read(html.Lines.ToString(), line, path, blocks);
                break;
            case CodeBlock code:
                blocks.AddCode(code.Lines.ToString(), code is FencedCodeBlock ? line + 1 : line);
                break;
            case Table table:
                AddRows(table, blocks);
                break;
            case LeafBlock leaf:
                blocks.AddText(MarkdownInlines.TextOf(leaf.Inline), line);
                break;
            case LinkReferenceDefinitionGroup:
                break;
            case ContainerBlock container:
                AddAll(container, path, blocks);
                break;
        }
    }

    private static void AddRows(Table table, BlockCollector blocks)
    {
        List<string>? headings = null;
        foreach (TableRow row in table.OfType<TableRow>())
        {
            List<string> cells = [.. row.OfType<TableCell>().Select(CellText)];
            if (row.IsHeader && headings is null && cells.Any(cell => cell.Length > 0))
                headings = cells;
            else if (!row.IsHeader)
                blocks.AddText(headings is null ? TableText.Row(cells) : TableText.Row(headings, cells), row.Line + 1);
        }
    }

    private static string CellText(TableCell cell) =>
        string.Join(' ', cell.Descendants<LeafBlock>().Select(leaf => MarkdownInlines.TextOf(leaf.Inline)));
}
