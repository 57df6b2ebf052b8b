using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Neighbouring blocks of one sequence that attention takes together, and those it takes after them.</summary>
/// <param name="blocks">The first block's entry in the block table.</param>
/// <param name="positions">Positions that are looked at, from the first.</param>
/// <param name="next">The following span's first entry.</param>
/// <param name="nextCount">Its blocks; 0: there is none.</param>
internal readonly unsafe struct KvSpan(int* blocks, int positions, int* next, int nextCount)
{
    private const int CacheLine = 64;

    /// <summary>Positions that are looked at, from the first.</summary>
    public int Positions => positions;

    /// <summary>The number of a block in the cache.</summary>
    public int Block(int index) => blocks[index];

    /// <summary>Fetches a head's keys in the next span's block at <paramref name="index"/> while this span's are computed with.</summary>
    /// <remarks>
    /// Blocks lie anywhere and a head's part of one is short, so the processor's own prefetcher loses the track at each: a long
    /// context then waits for memory half of the time. Asking costs a little where all is in the processor's cache already, but
    /// between two visits to a layer a step's weights pass through it.
    /// </remarks>
    public void PrefetchKeys(in KvView cache, int head, int index)
    {
        if (index < nextCount)
            Prefetch((byte*)cache.KeyScales(next[index], head), cache.KeyBytes);
    }

    /// <summary>The same for values.</summary>
    public void PrefetchValues(in KvView cache, int head, int index)
    {
        if (index < nextCount)
            Prefetch((byte*)cache.ValueScales(next[index], head), cache.ValueBytes);
    }

    private static void Prefetch(byte* data, long bytes)
    {
        if (!Sse.IsSupported)
            return;
        for (long i = 0; i < bytes; i += CacheLine)
            Sse.Prefetch0(data + i);
    }
}
