using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Tiktoken;

/// <summary>
/// tiktoken merges any two neighbours whose bytes together are a token, the token with the smallest rank first. So the pairs
/// are all ways to cut a token into two tokens.
/// </summary>
internal static class RankedPairs
{
    /// <summary>Makes the pairs.</summary>
    /// <param name="tokens">The tokens by rank.</param>
    /// <param name="table">The same tokens by their bytes.</param>
    public static PairRanks Make(byte[][] tokens, TokenTable table)
    {
        var pairs = new PairRanks(tokens.Length * 2);
        for (int rank = 0; rank < tokens.Length; rank++)
        {
            ReadOnlySpan<byte> token = tokens[rank];
            for (int cut = 1; cut < token.Length; cut++)
            {
                if (table.TryGet(token[..cut], out int left) && table.TryGet(token[cut..], out int right))
                    pairs.Set(left, right, (uint)rank, rank);
            }
        }
        return pairs;
    }
}
