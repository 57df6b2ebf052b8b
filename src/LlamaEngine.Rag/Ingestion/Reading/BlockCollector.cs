namespace LlamaEngine.Rag;

/// <summary>Takes what a reader finds, in the file's order, and knows which headings it stands under.</summary>
/// <param name="path">The file, for the title where it has none of its own.</param>
internal sealed class BlockCollector(string path)
{
    private readonly List<TextBlock> _blocks = [];
    private readonly List<(int Level, string Text)> _headings = [];
    private string _path = "";
    private string? _firstHeading;

    /// <summary>The title that the file gives itself; null or blank: its first heading counts.</summary>
    public string? Title { get; set; }

    /// <summary>What follows stands under this heading, until one of the same level or above.</summary>
    /// <param name="level">From 1, the outermost.</param>
    public void AddHeading(int level, string text)
    {
        _headings.RemoveAll(heading => heading.Level >= level);
        string line = CleanText.OneLine(text);
        if (line.Length > 0)
        {
            _firstHeading ??= line;
            _headings.Add((level, line));
        }
        _path = string.Join(" › ", _headings.Select(heading => heading.Text));
    }

    /// <summary>A paragraph, a list item or a table row; nothing if there is nothing to see.</summary>
    public void AddText(string text, int line) => Add(CleanText.OneLine(text), line);

    /// <summary>A piece of code, whose lines stay.</summary>
    public void AddCode(string text, int line) => Add(CleanText.Lines(text), line);

    /// <summary>All that was found.</summary>
    public DocumentContent ToContent()
    {
        string title = CleanText.OneLine(Title);
        return new DocumentContent(title.Length > 0 ? title : _firstHeading ?? Path.GetFileNameWithoutExtension(path), _blocks);
    }

    private void Add(string text, int line)
    {
        if (text.Length > 0)
            _blocks.Add(new TextBlock(text, _path, line));
    }
}
