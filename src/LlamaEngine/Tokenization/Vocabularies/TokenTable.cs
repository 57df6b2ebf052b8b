using System.Numerics;
using System.Runtime.InteropServices;

namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>Finds a token id by the bytes of the token: a hash table with open addressing whose keys lie in one array.</summary>
/// <remarks>Not thread-safe while tokens are added; afterwards it is. The hash is seeded, so that no file can aim at its collisions.</remarks>
internal sealed class TokenTable
{
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64() | 1;
    private byte[] _keys;
    private int _keyBytes;
    private Entry[] _entries;
    private int _count;
    private int[] _slots;

    /// <summary>Creates a table with room for about <paramref name="capacity"/> tokens.</summary>
    public TokenTable(int capacity)
    {
        _keys = new byte[Math.Max(capacity, 16) * 8];
        _entries = new Entry[Math.Max(capacity, 16)];
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 16) * 2)];
    }

    /// <summary>Number of tokens.</summary>
    public int Count => _count;

    /// <summary>Length of the longest token in bytes.</summary>
    public int LongestKey { get; private set; }

    /// <summary>Adds a token; false (and no change) if the same bytes are there already.</summary>
    public bool TryAdd(ReadOnlySpan<byte> key, int id)
    {
        uint hash = Hash(key);
        int slot = FindSlot(key, hash);
        if (_slots[slot] != 0)
            return false;
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, _count * 2);
            _slots = new int[_slots.Length * 2];
            for (int entry = 0; entry < _count; entry++)
                _slots[FindFreeSlot(_entries[entry].Hash)] = entry + 1;
            slot = FindFreeSlot(hash);
        }
        _entries[_count++] = new Entry(hash, StoreKey(key), key.Length, id);
        _slots[slot] = _count;
        LongestKey = Math.Max(LongestKey, key.Length);
        return true;
    }

    /// <summary>Finds a token by its bytes.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out int id)
    {
        id = -1;
        if (key.Length > LongestKey)
            return false;
        int entry = _slots[FindSlot(key, Hash(key))];
        if (entry == 0)
            return false;
        id = _entries[entry - 1].Id;
        return true;
    }

    private int StoreKey(ReadOnlySpan<byte> key)
    {
        int offset = _keyBytes;
        if (_keys.Length - offset < key.Length)
            Array.Resize(ref _keys, checked(Math.Max(_keys.Length * 2, offset + key.Length)));
        key.CopyTo(_keys.AsSpan(offset));
        _keyBytes += key.Length;
        return offset;
    }

    private int FindSlot(ReadOnlySpan<byte> key, uint hash)
    {
        int mask = _slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            int entry = _slots[slot];
            if (entry == 0 || Matches(in _entries[entry - 1], key, hash))
                return slot;
        }
    }

    private int FindFreeSlot(uint hash)
    {
        int mask = _slots.Length - 1;
        int slot = (int)hash & mask;
        while (_slots[slot] != 0)
            slot = (slot + 1) & mask;
        return slot;
    }

    private bool Matches(in Entry entry, ReadOnlySpan<byte> key, uint hash) =>
        entry.Hash == hash && entry.Length == key.Length && key.SequenceEqual(_keys.AsSpan(entry.Offset, entry.Length));

    private uint Hash(ReadOnlySpan<byte> key)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ulong hash = _seed ^ ((ulong)key.Length * Multiplier);
        for (; key.Length >= 8; key = key[8..])
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(key));
        ulong rest = 0;
        for (int i = 0; i < key.Length; i++)
            rest |= (ulong)key[i] << (8 * i);
        return (uint)(Mix(hash ^ rest) >> 32);

        static ulong Mix(ulong value) => BitOperations.RotateLeft(value * Multiplier, 29) * 0xBF58476D1CE4E5B9;
    }

    private readonly record struct Entry(uint Hash, int Offset, int Length, int Id);
}
