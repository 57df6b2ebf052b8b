namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Fewer than 16 lanes: the tails of rows whose length 16 does not divide.</summary>
internal static unsafe class Partial<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Lanes in a vector.</summary>
    public const int Width = 16;

    /// <summary>Reads the first <paramref name="count"/> lanes and no byte more; the others are zero.</summary>
    public static TLanes Load(float* source, int count)
    {
        float* lanes = stackalloc float[Width];
        new Span<float>(lanes, Width).Clear();
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(lanes, Width));
        return TLanes.Load(lanes);
    }

    /// <summary>Writes the first <paramref name="count"/> lanes and no byte more.</summary>
    public static void Store(TLanes value, float* destination, int count)
    {
        float* lanes = stackalloc float[Width];
        value.Store(lanes);
        new ReadOnlySpan<float>(lanes, count).CopyTo(new Span<float>(destination, count));
    }
}
