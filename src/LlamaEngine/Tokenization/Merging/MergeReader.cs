using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Merging;

/// <summary>Looks up written merges in a vocabulary: the first has rank 0.</summary>
/// <param name="file">The file they come from, for messages.</param>
/// <param name="count">How many merges to expect.</param>
internal sealed class MergeReader(string file, Vocabulary vocabulary, int count)
{
    private char[] _joined = new char[256];
    private uint _rank;

    /// <summary>The merges read so far.</summary>
    public PairRanks Pairs { get; } = new(count);

    /// <summary>Adds a merge that is written as two tokens with a space between them.</summary>
    /// <exception cref="ModelFormatException">It is not written so, or the vocabulary lacks one of the tokens.</exception>
    public void Add(string merge)
    {
        int space = merge.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || merge.IndexOf(' ', space + 1) >= 0)
            throw new ModelFormatException(file, null, $"merge {_rank} is '{merge}': not two tokens with a space between them.");
        Add(merge.AsSpan(0, space), merge.AsSpan(space + 1));
    }

    /// <summary>Adds the merge of two tokens.</summary>
    /// <exception cref="ModelFormatException">The vocabulary lacks one of the tokens.</exception>
    public void Add(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int length = left.Length + right.Length;
        if (_joined.Length < length)
            _joined = new char[length * 2];
        left.CopyTo(_joined);
        right.CopyTo(_joined.AsSpan(left.Length));
        Pairs.Set(Find(left), Find(right), _rank++, Find(_joined.AsSpan(0, length)));
    }

    private int Find(ReadOnlySpan<char> token) => vocabulary.Ids.TryGetValue(token, out int id)
        ? id
        : throw new ModelFormatException(file, null, $"merge {_rank} needs the token '{token}', which the vocabulary lacks.");
}
