using System.Collections.Immutable;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Something small to compute on any backend, always with the same numbers.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Bound">How far two backends may be apart, relative to the largest number: what 16 bits explain.</param>
/// <param name="Compute">Computes it.</param>
internal sealed record SelfTestSubject(string Name, double Bound, Func<IBackend, float[]> Compute)
{
    // Width of all rows: also (2 query heads + 1 key + 1 value) · 64.
    private const int Width = 256, Outputs = 48, Vocabulary = 128, BlockSize = 16;

    private const double Exact = 1e-5, Half = 2e-3, BFloat = 1e-2;

    private static readonly float[] s_table = Numbers(Vocabulary * Width, 1);
    private static readonly int[] s_blocks = [5, 0, 3, 1, 4, 2, 6, 7];

    /// <summary>All there are.</summary>
    public static ImmutableArray<SelfTestSubject> All { get; } =
    [
        new("norm", Exact, Normalize),
        new("gate", Exact, Gate),
        .. LinearOf(TensorType.F32, Exact), .. LinearOf(TensorType.F16, Half), .. LinearOf(TensorType.BF16, BFloat),
        .. LinearOf(TensorType.Q8_0, Half), .. LinearOf(TensorType.Q4_0, Half), .. LinearOf(TensorType.Q4_K, Half), .. LinearOf(TensorType.Q6_K, Half),
        .. AttentionOf(KvType.F32, Exact), .. AttentionOf(KvType.F16, Half), .. AttentionOf(KvType.BF16, BFloat), .. AttentionOf(KvType.Q8_0, Half),
    ];

    private static SelfTestSubject[] LinearOf(TensorType type, double bound) =>
    [
        new($"{type} × 1 row", bound, backend => Multiply(backend, type, 1)),
        new($"{type} × 40 rows", bound, backend => Multiply(backend, type, 40)),
    ];

    private static SelfTestSubject[] AttentionOf(KvType type, double bound) =>
    [
        new($"attention over {type}, 70 rows", bound, backend => Attend(backend, type, [70])),
        new($"attention over {type}, row by row", bound, backend => Attend(backend, type, [5, 1, 1, 1])),
    ];

    private static float[] Normalize(IBackend backend)
    {
        using VectorWeight weight = backend.LoadVector(Tensor(TensorType.F32, s_table, 1, Width));
        return Run(backend, 3, Width, (rows, output, _) => backend.RmsNorm(rows, null, weight, 1e-5f, output, 3));
    }

    private static float[] Gate(IBackend backend) => Run(backend, 3, Width / 2, (rows, output, _) => backend.SwiGlu(rows, output, 3));

    private static unsafe float[] Multiply(IBackend backend, TensorType type, int rows)
    {
        byte[] stored = GC.AllocateArray<byte>((int)type.ByteLength(Outputs * Width), pinned: true);
        fixed (float* values = Numbers(Outputs * Width, 2))
        fixed (byte* data = stored)
            BlockCodec.Encode(type, values, data, Outputs * Width);
        using LinearWeight weight = backend.LoadLinear([Tensor(type, stored, Outputs, Width)], [], CancellationToken.None);
        return Run(backend, rows, Outputs, (input, output, _) => backend.Linear(weight, input, output, rows));
    }

    // One sequence, computed in parts of so many rows; the result is that of all rows.
    private static float[] Attend(IBackend backend, KvType type, int[] parts)
    {
        const int Heads = 2, HeadSize = 64;
        var layout = new KvLayout(1, KeyValueHeads: 1, Heads, HeadSize, BlockSize, type);
        using KvStore cache = backend.CreateKvStore(layout, s_blocks.Length);
        var configuration = new RopeConfiguration { Base = 10_000, Dimension = HeadSize, Layout = RopeLayout.HalfSplit };
        using RopeTable rope = backend.CreateRope(configuration, HeadSize, Vocabulary);
        List<float> all = [];
        int first = 0;
        foreach (int part in parts)
        {
            all.AddRange(Run(backend, part, Heads * HeadSize, (qkv, output, plan) =>
            {
                backend.RotateAndStore(rope, plan, qkv, cache, 0);
                backend.Attend(plan, qkv, cache, 0, int.MaxValue, output);
            }, first));
            first += part;
        }
        return [.. all];
    }

    // Rows of numbers come in as embeddings, which every backend has.
    private static float[] Run(
        IBackend backend, int rows, int outputs, Action<Activations, Activations, BatchPlan> compute, int firstPosition = 0)
    {
        using EmbeddingWeight table = backend.LoadEmbedding(Tensor(TensorType.F32, s_table, Vocabulary, Width));
        using Activations input = backend.Allocate(rows, Width), output = backend.Allocate(rows, outputs);
        var plan = new BatchPlan(rows, 1, s_blocks.Length, BlockSize);
        plan.Add([.. Enumerable.Range(firstPosition, rows)], firstPosition, s_blocks, WantedRows.None);
        backend.BeginStep(plan);
        backend.Embed(table, plan, input);
        compute(input, output, plan);
        backend.EndStep(plan);
        backend.Finish(plan);
        float[] result = new float[rows * outputs];
        for (int row = 0; row < rows; row++)
            backend.Read(output, row).CopyTo(result.AsSpan(row * outputs));
        return result;
    }

    // The array is pinned, so its address holds.
    private static unsafe TensorData Tensor<T>(TensorType type, T[] pinned, int rows, int columns) where T : unmanaged
    {
        fixed (T* data = pinned)
            return new TensorData(new TensorInfo("self-test", type, rows == 1 ? [columns] : [rows, columns], "", 0), (byte*)data);
    }

    // Evenly spread in [-1, 1), the same ones on every machine.
    private static float[] Numbers(int count, uint seed)
    {
        uint state = seed * 2654435761;
        float[] values = GC.AllocateArray<float>(count, pinned: true);
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525 + 1013904223;
            values[i] = (state >> 8) / 8388608f - 1;
        }
        return values;
    }
}
