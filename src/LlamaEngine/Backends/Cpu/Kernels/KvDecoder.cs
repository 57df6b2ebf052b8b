using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Widens keys and values of a block to float32 panels [row][16 columns]; exact for every number format.</summary>
internal static unsafe class KvDecoder<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Width = Partial<TLanes>.Width;

    /// <summary>Sixteen positions of a block's keys, a row for every value of the head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenKeys(in KvView cache, int block, int head, int position, float* panel)
    {
        byte* keys = cache.Keys(block, head);
        if (cache.Type == KvType.Q8_0)
            WidenScaledKeys(cache, (sbyte*)keys + position, cache.KeyScales(block, head) + position, panel);
        else
            Widen(cache.Type, keys, position, cache.PaddedBlock, cache.HeadSize, panel);
    }

    /// <summary>Sixteen columns of a block's values, a row for each of its first <paramref name="rows"/> positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenValues(in KvView cache, int block, int head, int column, int rows, float* panel)
    {
        byte* values = cache.Values(block, head);
        if (cache.Type == KvType.Q8_0)
            WidenScaledValues(cache, (sbyte*)values + column, cache.ValueScales(block, head) + column / KvLayout.GroupSize * cache.PaddedBlock, rows, panel);
        else
            Widen(cache.Type, values, column, cache.PaddedHead, rows, panel);
    }

    private static void Widen(KvType type, byte* source, int column, int stride, int rows, float* panel)
    {
        switch (type)
        {
            case KvType.F32:
                Widen<SingleElement>(source, column, stride, rows, panel);
                break;
            case KvType.F16:
                Widen<HalfElement>(source, column, stride, rows, panel);
                break;
            default:
                Widen<BFloat16Element>(source, column, stride, rows, panel);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TElement>(byte* source, int column, int stride, int rows, float* panel) where TElement : struct, IFloatElement
    {
        source += column * TElement.Bytes;
        for (int row = 0; row < rows; row++, source += stride * TElement.Bytes, panel += Width)
            TElement.Load<TLanes>(source).Store(panel);
    }

    /// <summary>Lanes are positions, each with a scale of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenScaledKeys(in KvView cache, sbyte* keys, ushort* scales, float* panel)
    {
        int stride = cache.PaddedBlock;
        for (int first = 0; first < cache.HeadSize; first += KvLayout.GroupSize, scales += stride)
        {
            TLanes scale = TLanes.LoadHalf(scales);
            int rows = Math.Min(KvLayout.GroupSize, cache.HeadSize - first);
            for (int row = 0; row < rows; row++, keys += stride, panel += Width)
                (TLanes.LoadSigned(keys) * scale).Store(panel);
        }
    }

    /// <summary>A row is one position with one scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenScaledValues(in KvView cache, sbyte* values, ushort* scales, int rows, float* panel)
    {
        float* wide = stackalloc float[Width];
        int stride = cache.PaddedHead;
        for (int first = 0; first < rows; first += Width)
        {
            TLanes.LoadHalf(scales + first).Store(wide);
            int end = Math.Min(Width, rows - first);
            for (int row = 0; row < end; row++, values += stride, panel += Width)
                (TLanes.LoadSigned(values) * TLanes.Broadcast(wide[row])).Store(panel);
        }
    }
}
