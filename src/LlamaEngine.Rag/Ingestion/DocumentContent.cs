namespace LlamaEngine.Rag;

/// <summary>What a reader found in a file: plain text in blocks, without markup.</summary>
/// <param name="Title">What the document is called: its first heading or its HTML title, else the file's name without extension.</param>
/// <param name="Blocks">Paragraphs, list items, table rows and code, in the file's order; headings are not blocks.</param>
public sealed record DocumentContent(string Title, IReadOnlyList<TextBlock> Blocks);

/// <summary>A paragraph, a list item, a table row or a piece of code, as plain text.</summary>
/// <param name="Text">The text, on one line unless it is code; never empty.</param>
/// <param name="Heading">The headings it stands under, outermost first, joined by " › "; empty where there are none.</param>
/// <param name="Line">Where it begins in the file, counted from 1.</param>
public sealed record TextBlock(string Text, string Heading, int Line);
