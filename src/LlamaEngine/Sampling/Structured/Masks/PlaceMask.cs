namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>The tokens that may follow a place, as far as that can be said without what is around it.</summary>
/// <param name="Tokens">Bits of the tokens that do not go beyond the place.</param>
/// <param name="Exits">Where tokens go on in what is around.</param>
/// <remarks>Immutable and thread-safe. Few places of a schema differ in more than what is around them, so few of these are needed.</remarks>
internal sealed record PlaceMask(ulong[] Tokens, TrieExit[] Exits);

/// <summary>Siblings in a tree of tokens, with all below them, that are still to be walked, from what is around a place.</summary>
/// <param name="Start">The first of them.</param>
/// <param name="End">Behind the last one's subtree.</param>
internal readonly record struct TrieExit(TokenTrie Trie, int Start, int End);
