namespace LlamaEngine.Rag;

/// <summary>Readers by a file's extension: Markdown, text and HTML, and what a host adds.</summary>
/// <remarks>
/// PDF is not read: no well-kept library that reads PDF text can be restored here. It is recognized all the same, so that the files are reported
/// instead of being overlooked; a host can add a reader of its own. Thread-safe if the readers are.
/// </remarks>
public sealed class DocumentReaders : IDocumentReader
{
    /// <summary>What a file may take where nothing else is said: 32 MiB.</summary>
    public const long DefaultMaxBytes = DocumentBytes.DefaultLimit;

    private readonly IDocumentReader[] _readers;

    /// <summary>Makes a set of readers.</summary>
    /// <param name="additional">Readers of the host; they are asked first, in this order.</param>
    /// <param name="maxBytes">Longer files are refused by the readers for Markdown, text and HTML; at least 1.</param>
    public DocumentReaders(IEnumerable<IDocumentReader>? additional = null, long maxBytes = DefaultMaxBytes)
    {
        _readers = [.. additional ?? [], new MarkdownReader(maxBytes), new PlainTextReader(maxBytes), new HtmlReader(maxBytes), new PdfRefusal()];
    }

    /// <summary>Markdown, text and HTML.</summary>
    public static DocumentReaders Default { get; } = new();

    /// <inheritdoc/>
    public bool CanRead(string path) => Find(path) is not null;

    /// <inheritdoc/>
    /// <exception cref="DocumentFormatException">No reader is for files of this name, or the file is not what its name says.</exception>
    public DocumentContent Read(Stream content, string path) =>
        Find(path)?.Read(content, path) ??
        throw new DocumentFormatException($"'{path}' is of no known kind. Supported are .md, .markdown, .txt, .text, .html and .htm, and what readers were added for.");

    internal static bool HasExtension(string path, params ReadOnlySpan<string> extensions)
    {
        string extension = Path.GetExtension(path);
        foreach (string one in extensions)
        {
            if (extension.Equals(one, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    internal static long CheckLimit(long maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 1);
        return maxBytes;
    }

    private IDocumentReader? Find(string path) => Array.Find(_readers, reader => reader.CanRead(path));

    private sealed class PdfRefusal : IDocumentReader
    {
        public bool CanRead(string path) => HasExtension(path, ".pdf");

        public DocumentContent Read(Stream content, string path) => throw new DocumentFormatException(
            $"'{path}': PDF is not supported, because no maintained library that reads its text is available to this build. " +
            "Convert it to text, Markdown or HTML, or add an IDocumentReader for it.");
    }
}
