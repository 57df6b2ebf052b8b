using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace LlamaEngine.Rag;

/// <summary>Reads .html and .htm: what a person would see of a page, without what leads elsewhere.</summary>
/// <remarks>
/// Nothing is executed and nothing is loaded. Left out are scripts, styles, templates, navigation, forms' controls, embedded media, comments, and elements
/// that are hidden by the attributes <c>hidden</c> and <c>aria-hidden</c> or by <c>display: none</c> and <c>visibility: hidden</c> in their own style.
/// The bytes have to be UTF-8, or UTF-16 with a byte order mark, whatever a <c>meta</c> element says. Thread-safe.
/// </remarks>
/// <param name="maxBytes">Longer files are refused; at least 1.</param>
public sealed class HtmlReader(long maxBytes = DocumentReaders.DefaultMaxBytes) : IDocumentReader
{
    /// <summary>Deeper elements are taken as neighbours; bounds the stack.</summary>
    private const int MaxDepth = 200;

    private readonly long _maxBytes = DocumentReaders.CheckLimit(maxBytes);

    /// <inheritdoc/>
    public bool CanRead(string path) => DocumentReaders.HasExtension(path, ".html", ".htm");

    /// <inheritdoc/>
    public DocumentContent Read(Stream content, string path)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(path);
        BlockCollector blocks = new(path);
        blocks.Title = Read(DocumentBytes.ReadText(content, path, _maxBytes), 1, path, blocks).Title;
        return blocks.ToContent();
    }

    /// <summary>Reads markup that begins in a line of a file.</summary>
    internal static IHtmlDocument Read(string html, int line, string path, BlockCollector blocks)
    {
        HtmlDepthGuard guard = new(path);
        HtmlParserOptions options = new()
        {
            IsScripting = false, IsKeepingSourceReferences = true, MaximumDepth = MaxDepth, OnToken = (token, _) => guard.See(token),
        };
        IHtmlDocument document = new HtmlParser(options).ParseDocument(html);
        if (document.Body is { } body)
            new HtmlWalker(blocks, line).Walk(body);
        return document;
    }
}
