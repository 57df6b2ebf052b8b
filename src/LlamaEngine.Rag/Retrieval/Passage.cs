namespace LlamaEngine.Rag;

/// <summary>A chunk of an indexed document.</summary>
/// <param name="Id">Its number in the index; a document that is read again gets new ones.</param>
/// <param name="Document">The document's path below the folder, with '/' between names.</param>
/// <param name="Title">What the document is called.</param>
/// <param name="Heading">The headings it stands under, joined by " › "; may be empty.</param>
/// <param name="Line">Where it begins in the file, counted from 1.</param>
/// <param name="Start">Where it begins in the document's text, in characters.</param>
/// <param name="Text">The text.</param>
/// <param name="Tokens">How many tokens of the model the text takes.</param>
public sealed record Passage(long Id, string Document, string Title, string Heading, int Line, int Start, string Text, int Tokens);

/// <summary>A passage found for a query, and why.</summary>
/// <param name="Passage">The passage.</param>
/// <param name="Score">The fused score: Σ weight ÷ (rank constant + rank); only the order means anything.</param>
/// <param name="TextRank">Its rank by BM25, from 1; null: not among the candidates.</param>
/// <param name="VectorRank">Its rank by similarity, from 1; null: not among the candidates.</param>
/// <param name="Similarity">The cosine of its vector and the query's, −1 … 1; null: not compared.</param>
/// <param name="Coverage">Which share of the query's words, weighed by how rare they are, it has: 0 … 1.</param>
public sealed record RetrievedPassage(Passage Passage, double Score, int? TextRank, int? VectorRank, float? Similarity, double Coverage);
