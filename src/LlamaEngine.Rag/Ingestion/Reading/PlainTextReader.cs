using System.Text;

namespace LlamaEngine.Rag;

/// <summary>Reads .txt and .text: paragraphs between blank lines; lines that were wrapped by hand are joined.</summary>
/// <remarks>
/// UTF-8 with or without a byte order mark, UTF-16 with one. Lines that begin with "- ", "* ", "• " or "1. " are list items: each begins a block of its
/// own, and the sign, but not the number, goes. Thread-safe.
/// </remarks>
/// <param name="maxBytes">Longer files are refused; at least 1.</param>
public sealed class PlainTextReader(long maxBytes = DocumentReaders.DefaultMaxBytes) : IDocumentReader
{
    private readonly long _maxBytes = DocumentReaders.CheckLimit(maxBytes);

    /// <inheritdoc/>
    public bool CanRead(string path) => DocumentReaders.HasExtension(path, ".txt", ".text");

    /// <inheritdoc/>
    public DocumentContent Read(Stream content, string path)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(path);
        BlockCollector blocks = new(path);
        StringBuilder paragraph = new();
        int number = 0, first = 0;
        foreach (string line in CleanText.SplitLines(DocumentBytes.ReadText(content, path, _maxBytes)))
        {
            number++;
            ReadOnlySpan<char> text = line.AsSpan().Trim();
            int marker = ItemMarker(text, out bool isItem);
            if (isItem || text.IsEmpty)
                Flush();
            if (paragraph.Length == 0)
                first = number;
            if (!text.IsEmpty)
                paragraph.Append(text[marker..]).Append('\n');
        }
        Flush();
        return blocks.ToContent();

        void Flush()
        {
            blocks.AddText(paragraph.ToString(), first);
            paragraph.Clear();
        }
    }

    /// <summary>How many characters of a list item's sign are left out; 0 for numbers, which stay.</summary>
    private static int ItemMarker(ReadOnlySpan<char> line, out bool isItem)
    {
        isItem = line.Length > 2 && line[0] is '-' or '*' or '•' or '–' && line[1] is ' ' or '\t';
        if (isItem)
            return 2;
        int digits = 0;
        while (digits < line.Length && digits < 3 && char.IsAsciiDigit(line[digits]))
            digits++;
        isItem = digits > 0 && line.Length > digits + 2 && line[digits] is '.' or ')' && line[digits + 1] == ' ';
        return 0;
    }
}
