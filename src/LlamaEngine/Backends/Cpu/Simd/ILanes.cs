namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>
/// Sixteen float32 lanes: one 512-bit register, two of 256 bits, four of 128 bits, or an array. Kernels are written once over
/// this; every implementation rounds alike (fused multiply-add, one order of summation), so results are equal bit for bit
/// whatever the processor has.
/// </summary>
internal unsafe interface ILanes<TSelf> where TSelf : struct, ILanes<TSelf>
{
    /// <summary>All lanes zero.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>All lanes equal.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>Reads 16 floats.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Reads 16 half-precision numbers.</summary>
    static abstract TSelf LoadHalf(ushort* source);

    /// <summary>Reads 16 finite half-precision numbers, each × 2^-112: what reading them costs least.</summary>
    static abstract TSelf LoadTinyHalf(ushort* source);

    /// <summary>Reads 16 bfloat16 numbers.</summary>
    static abstract TSelf LoadBFloat16(ushort* source);

    /// <summary>Reads 16 signed bytes as whole numbers.</summary>
    static abstract TSelf LoadSigned(sbyte* source);

    /// <summary>Writes 16 floats.</summary>
    void Store(float* destination);

    /// <summary>left + right.</summary>
    static abstract TSelf operator +(TSelf left, TSelf right);

    /// <summary>left − right.</summary>
    static abstract TSelf operator -(TSelf left, TSelf right);

    /// <summary>left × right.</summary>
    static abstract TSelf operator *(TSelf left, TSelf right);

    /// <summary>left ÷ right.</summary>
    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>left × right + addend, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    /// <summary>The larger of each pair; neither may be NaN.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>The smaller of each pair; neither may be NaN.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>Magnitudes.</summary>
    static abstract TSelf Abs(TSelf value);

    /// <summary>2 to the power of whole numbers in [−126, 127].</summary>
    static abstract TSelf PowerOfTwo(TSelf exponent);

    /// <summary>Writes 16 half-precision numbers, rounded to the nearest, to even in the middle.</summary>
    void StoreHalf(ushort* destination);

    /// <summary>Writes 16 bfloat16 numbers, rounded to the nearest, to even in the middle.</summary>
    void StoreBFloat16(ushort* destination);

    /// <summary>Exchanges lanes 2i and 2i + 1.</summary>
    static abstract TSelf SwapPairs(TSelf value);

    /// <summary>Writes 16 whole numbers, rounded to the nearest, to even in the middle; in [−32768, 32767].</summary>
    void StoreRounded(short* destination);

    /// <summary>The sum: lanes i and i + 8 first, then i and i + 4, i and i + 2, i and i + 1.</summary>
    float Sum();

    /// <summary>The largest lane.</summary>
    float Largest();
}
