namespace LlamaEngine.Rag;

/// <summary>A piece of a document: whole sentences, as many as fit into a number of tokens.</summary>
/// <param name="Text">The text: the characters <paramref name="Start"/> … of the document's text.</param>
/// <param name="Heading">The headings it stands under, joined by " › "; a chunk never reaches across a heading.</param>
/// <param name="Line">The line of the file in which its first block begins, counted from 1.</param>
/// <param name="Start">Where it begins in the document's text, in characters (UTF-16); see <see cref="ChunkedDocument"/>.</param>
/// <param name="Tokens">How many tokens of the model the text takes.</param>
public sealed record Chunk(string Text, string Heading, int Line, int Start, int Tokens);

/// <summary>A document's text and the pieces it was cut into.</summary>
/// <param name="Title">What the document is called.</param>
/// <param name="Text">Its blocks, joined by a blank line.</param>
/// <param name="Chunks">In order; neighbours under the same heading overlap by some sentences.</param>
public sealed record ChunkedDocument(string Title, string Text, IReadOnlyList<Chunk> Chunks);
