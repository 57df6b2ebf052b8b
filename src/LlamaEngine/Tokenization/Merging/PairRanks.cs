using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace LlamaEngine.Tokenization.Merging;

/// <summary>Finds what two tokens merge into and how early: a hash table from pairs of ids to (rank, resulting id).</summary>
/// <remarks>Not thread-safe while pairs are added; afterwards it is.</remarks>
internal sealed class PairRanks
{
    private readonly ulong _multiplier = ((ulong)Random.Shared.NextInt64() << 1) | 0x8000_0000_0000_0001;
    private Entry[] _slots;
    private int _shift;
    private int _count;

    /// <summary>Creates a table with room for <paramref name="capacity"/> pairs.</summary>
    public PairRanks(int capacity) => Allocate(BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 8) * 2));

    /// <summary>Adds a pair, or replaces what it had.</summary>
    public void Set(int left, int right, uint rank, int id)
    {
        if (_count * 2 >= _slots.Length)
            Grow();
        ref Entry slot = ref Find(Key(left, right));
        if (slot.Key == 0)
            _count++;
        slot = new Entry(Key(left, right), rank, id);
    }

    /// <summary>Finds a pair.</summary>
    public bool TryGet(int left, int right, out uint rank, out int id)
    {
        ref Entry slot = ref Find(Key(left, right));
        (rank, id) = (slot.Rank, slot.Id);
        return slot.Key != 0;
    }

    // Ids are counted from one here, so that no key is zero: zero marks a free slot.
    private static ulong Key(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)(right + 1);

    private ref Entry Find(ulong key)
    {
        int mask = _slots.Length - 1;
        int index = (int)((key * _multiplier) >> _shift);
        while (_slots[index].Key != 0 && _slots[index].Key != key)
            index = (index + 1) & mask;
        return ref _slots[index];
    }

    [MemberNotNull(nameof(_slots))]
    private void Allocate(uint size)
    {
        _slots = new Entry[size];
        _shift = 64 - BitOperations.Log2(size);
    }

    private void Grow()
    {
        Entry[] old = _slots;
        Allocate((uint)old.Length * 2);
        foreach (Entry entry in old)
        {
            if (entry.Key != 0)
                Find(entry.Key) = entry;
        }
    }

    private readonly record struct Entry(ulong Key, uint Rank, int Id);
}
