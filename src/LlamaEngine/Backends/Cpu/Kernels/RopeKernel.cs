using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="RopeKernel{TLanes}"/>; strides in floats.</summary>
internal unsafe struct RopeJob
{
    public float* Qkv;
    public int Stride;

    /// <summary>See <see cref="CpuRopeTable.UpTo"/>.</summary>
    public float* Table;
    public int TableStride;
    public int* Positions, CacheSlots;
    public RopeLayout Layout;
    public int Dimension, Heads;
    public KvView Cache;
}

/// <summary>Rotates queries and keys of a row and writes its keys and values into the cache. One chunk is one row.</summary>
internal static unsafe class RopeKernel<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Width = Partial<TLanes>.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int row, int thread)
    {
        RopeJob* job = (RopeJob*)state;
        int size = job->Cache.HeadSize, kvHeads = job->Cache.Heads;
        float* query = job->Qkv + (long)row * job->Stride;
        float* key = query + job->Heads * size, value = key + kvHeads * size;
        float* table = job->Table + (long)job->Positions[row] * job->TableStride;
        for (int head = 0; head < job->Heads + kvHeads; head++)
        {
            if (job->Layout == RopeLayout.Interleaved)
                RotateInterleaved(query + head * size, table, job->Dimension);
            else
                RotateHalves(query + head * size, table, job->Dimension / 2);
        }
        for (int head = 0; head < kvHeads; head++)
            job->Cache.Store<TLanes>(job->CacheSlots[row], head, key + head * size, value + head * size);
    }

    /// <summary>Value i turns with value i + pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RotateHalves(float* x, float* table, int pairs)
    {
        float* y = x + pairs, sines = table + pairs;
        int i = 0;
        for (; i <= pairs - Width; i += Width)
        {
            TLanes a = TLanes.Load(x + i), b = TLanes.Load(y + i), cosine = TLanes.Load(table + i), sine = TLanes.Load(sines + i);
            (a * cosine - b * sine).Store(x + i);
            (a * sine + b * cosine).Store(y + i);
        }
        for (; i < pairs; i++)
            (x[i], y[i]) = (x[i] * table[i] - y[i] * sines[i], x[i] * sines[i] + y[i] * table[i]);
    }

    /// <summary>Value 2i turns with value 2i + 1; sines carry their signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RotateInterleaved(float* x, float* table, int dimension)
    {
        float* sines = table + dimension;
        int i = 0;
        for (; i <= dimension - Width; i += Width)
        {
            TLanes value = TLanes.Load(x + i);
            (value * TLanes.Load(table + i) + TLanes.SwapPairs(value) * TLanes.Load(sines + i)).Store(x + i);
        }
        for (; i < dimension; i += 2)
        {
            (x[i], x[i + 1]) = (x[i] * table[i] + x[i + 1] * sines[i], x[i + 1] * table[i + 1] + x[i] * sines[i + 1]);
        }
    }
}
