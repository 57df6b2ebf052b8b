namespace LlamaEngine.Tokenization.Merging;

/// <summary>
/// Byte-pair encoding (Sennrich et al., 2016): merges the neighbours with the smallest rank, the leftmost first, until no
/// neighbours can merge. Keeps the memory it works in, so that a text costs no allocation per word.
/// </summary>
/// <remarks>Belongs to one call of Encode; not thread-safe.</remarks>
internal sealed class MergeEngine
{
    /// <summary>Up to this many symbols a scan for the smallest rank is quicker than a heap.</summary>
    private const int ScanLimit = 40;

    private readonly MergeHeap _heap = new();
    private readonly uint[] _ranks = new uint[ScanLimit];
    private readonly int[] _merged = new int[ScanLimit];
    private Symbol[] _symbols = new Symbol[256];
    private int _count;

    /// <summary>The symbols of the word.</summary>
    public ReadOnlySpan<Symbol> Symbols => _symbols.AsSpan(0, _count);

    /// <summary>Forgets the last word.</summary>
    public void Clear() => _count = 0;

    /// <summary>Adds a symbol at the word's end.</summary>
    public void Add(int start, int length, int id)
    {
        if (_count == _symbols.Length)
            Array.Resize(ref _symbols, _count * 2);
        _symbols[_count++] = new Symbol { Start = start, Length = length, Id = id };
    }

    /// <summary>Merges <see cref="Symbols"/> as far as the rule goes.</summary>
    public void Run<TRule>(TRule rule, ReadOnlySpan<byte> word)
        where TRule : struct, IMergeRule
    {
        if (_count <= ScanLimit)
            RunByScan(rule, word);
        else
            RunByHeap(rule, word);
    }

    private void RunByScan<TRule>(TRule rule, ReadOnlySpan<byte> word)
        where TRule : struct, IMergeRule
    {
        Span<Symbol> symbols = _symbols;
        Span<uint> ranks = _ranks;
        for (int i = 0; i + 1 < _count; i++)
            Rate(rule, word, i);
        while (_count > 1)
        {
            int best = IndexOfMinimum(ranks[..(_count - 1)]);
            if (ranks[best] == uint.MaxValue)
                return;
            symbols[best].Length += symbols[best + 1].Length;
            symbols[best].Id = _merged[best];
            RemoveAt(best + 1);
            if (best > 0)
                Rate(rule, word, best - 1);
            if (best + 1 < _count)
                Rate(rule, word, best);
        }
    }

    private void Rate<TRule>(TRule rule, ReadOnlySpan<byte> word, int left)
        where TRule : struct, IMergeRule
    {
        bool can = rule.TryMerge(word, in _symbols[left], in _symbols[left + 1], out uint rank, out int id);
        _ranks[left] = can ? rank : uint.MaxValue;
        _merged[left] = id;
    }

    private void RemoveAt(int index)
    {
        int behind = --_count - index;
        Array.Copy(_symbols, index + 1, _symbols, index, behind);
        if (behind > 0)
        {
            // The rank at index − 1 is rated anew by the caller; those of the pairs behind move along with their left symbol.
            Array.Copy(_ranks, index + 1, _ranks, index, behind - 1);
            Array.Copy(_merged, index + 1, _merged, index, behind - 1);
        }
    }

    private static int IndexOfMinimum(ReadOnlySpan<uint> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] < values[best])
                best = i;
        }
        return best;
    }

    private void RunByHeap<TRule>(TRule rule, ReadOnlySpan<byte> word)
        where TRule : struct, IMergeRule
    {
        for (int i = 0; i < _count; i++)
        {
            _symbols[i].Previous = i - 1;
            _symbols[i].Next = i + 1 < _count ? i + 1 : -1;
        }
        for (int i = 0; i + 1 < _count; i++)
            Propose(rule, word, i, i + 1);
        while (_heap.Count > 0)
        {
            MergeCandidate candidate = _heap.Pop();
            if (IsStale(candidate))
                continue;
            Merge(candidate);
            ref Symbol merged = ref _symbols[candidate.Left];
            Propose(rule, word, merged.Previous, candidate.Left);
            Propose(rule, word, candidate.Left, merged.Next);
        }
        RemoveSwallowed();
    }

    private void Propose<TRule>(TRule rule, ReadOnlySpan<byte> word, int left, int right)
        where TRule : struct, IMergeRule
    {
        if (left < 0 || right < 0)
            return;
        ref Symbol first = ref _symbols[left];
        ref Symbol second = ref _symbols[right];
        if (rule.TryMerge(word, in first, in second, out uint rank, out int id))
            _heap.Push(new MergeCandidate(((ulong)rank << 32) | (uint)left, first.Length + second.Length, id));
    }

    private bool IsStale(MergeCandidate candidate)
    {
        ref Symbol left = ref _symbols[candidate.Left];
        return left.Length == 0 || left.Next < 0 || left.Length + _symbols[left.Next].Length != candidate.Length;
    }

    private void Merge(MergeCandidate candidate)
    {
        ref Symbol left = ref _symbols[candidate.Left];
        ref Symbol right = ref _symbols[left.Next];
        left.Length = candidate.Length;
        left.Id = candidate.Id;
        left.Next = right.Next;
        right.Length = 0;
        if (left.Next >= 0)
            _symbols[left.Next].Previous = candidate.Left;
    }

    private void RemoveSwallowed()
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_symbols[i].Length > 0)
                _symbols[kept++] = _symbols[i];
        }
        _count = kept;
    }
}
