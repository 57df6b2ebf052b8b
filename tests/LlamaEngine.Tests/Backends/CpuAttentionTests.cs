using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends;

/// <summary>Rotation, cache and attention together, against a softmax in double arithmetic.</summary>
public sealed unsafe class CpuAttentionTests
{
    private const int Positions = 75;

    [Theory]
    [InlineData(4, 2, 64, 16, int.MaxValue, KvType.F32, RopeLayout.HalfSplit)]
    [InlineData(4, 1, 48, 32, 16, KvType.F32, RopeLayout.Interleaved)]
    [InlineData(6, 2, 10, 20, 7, KvType.F32, RopeLayout.HalfSplit)]
    [InlineData(2, 2, 64, 64, int.MaxValue, KvType.F16, RopeLayout.Interleaved)]
    [InlineData(8, 1, 34, 128, 33, KvType.F16, RopeLayout.Interleaved)]
    internal void Attends_as_defined(int heads, int kvHeads, int size, int blockSize, int window, KvType type, RopeLayout layout)
    {
        KvLayout shape = new(2, kvHeads, heads, size, blockSize, type);
        float[] qkv = Numbers.Random(Positions * (heads + 2 * kvHeads) * size, size);
        foreach (CpuInstructionSet level in Enum.GetValues<CpuInstructionSet>())
        {
            float[] whole = Run(level, shape, window, layout, qkv, Positions, threads: 3);
            double[] expected = Expected(shape, window, layout, qkv);
            double bound = type == KvType.F16 ? 2e-3 : 1e-5;
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], whole[i], bound);
            foreach (int chunk in new[] { 1, 7, 32 })
                Assert.Equal(whole, Run(level, shape, window, layout, qkv, chunk, threads: 1));
        }
    }

    private static float[] Run(CpuInstructionSet level, KvLayout shape, int window, RopeLayout layout, float[] qkv, int chunk, int threads)
    {
        using CpuBackend backend = new(new CpuOptions { Threads = threads, MaxInstructionSet = level });
        int width = (shape.Heads + 2 * shape.KeyValueHeads) * shape.HeadSize, outputs = shape.Heads * shape.HeadSize;
        int blocks = (Positions + shape.BlockSize - 1) / shape.BlockSize;
        using Activations input = backend.Allocate(Positions, width), output = backend.Allocate(Positions, outputs);
        using KvStore cache = backend.CreateKvStore(shape, blocks + 3);
        using RopeTable rope = backend.CreateRope(Rope(shape, layout), shape.HeadSize, 1024);
        // The blocks in descending order: a table is not the identity.
        int[] table = [.. Enumerable.Range(0, blocks).Select(i => blocks + 1 - i)];
        BatchPlan plan = new(Positions, 1, blocks, shape.BlockSize);
        float[] result = new float[Positions * outputs];
        for (int first = 0; first < Positions; first += chunk)
        {
            int rows = Math.Min(chunk, Positions - first);
            plan.Clear();
            plan.Add(new int[rows], first, table, WantedRows.None);
            for (int row = 0; row < rows; row++)
                qkv.AsSpan((first + row) * width, width).CopyTo(new Span<float>(((CpuActivations)input).Row(row), width));
            backend.RotateAndStore(rope, plan, input, cache, 1);
            backend.Attend(plan, input, cache, 1, window, output);
            for (int row = 0; row < rows; row++)
                backend.Read(output, row).CopyTo(result.AsSpan((first + row) * outputs, outputs));
        }
        return result;
    }

    private static RopeConfiguration Rope(KvLayout shape, RopeLayout layout) =>
        new() { Base = 10000, Dimension = shape.HeadSize / 4 * 2, Layout = layout };

    private static double[] Expected(KvLayout shape, int window, RopeLayout layout, float[] qkv)
    {
        int size = shape.HeadSize, width = (shape.Heads + 2 * shape.KeyValueHeads) * size, group = shape.Heads / shape.KeyValueHeads;
        double[] all = [.. qkv.Select(x => (double)x)];
        for (int p = 0; p < Positions; p++)
        {
            for (int head = 0; head < shape.Heads + shape.KeyValueHeads; head++)
                Rotate(all.AsSpan(p * width + head * size, size), p, size / 4 * 2, layout);
        }
        double[] output = new double[Positions * shape.Heads * size];
        for (int p = 0; p < Positions; p++)
        {
            for (int head = 0; head < shape.Heads; head++)
            {
                int key = (shape.Heads + head / group) * size, value = key + shape.KeyValueHeads * size;
                int first = Math.Max(0, p - (long)window + 1) is var f ? (int)f : 0;
                double[] weights = [.. Enumerable.Range(first, p - first + 1).Select(other =>
                    Math.Exp(Enumerable.Range(0, size).Sum(i => all[p * width + head * size + i] * all[other * width + key + i]) / Math.Sqrt(size)))];
                for (int i = 0; i < size; i++)
                    output[(p * shape.Heads + head) * size + i] = weights.Select((w, n) => w * all[(first + n) * width + value + i]).Sum() / weights.Sum();
            }
        }
        return output;
    }

    private static void Rotate(Span<double> head, int position, int dimension, RopeLayout layout)
    {
        for (int i = 0; i < dimension / 2; i++)
        {
            (int a, int b) = layout == RopeLayout.Interleaved ? (2 * i, 2 * i + 1) : (i, i + dimension / 2);
            (double sine, double cosine) = Math.SinCos(position * Math.Pow(10000, -2.0 * i / dimension));
            (head[a], head[b]) = (head[a] * cosine - head[b] * sine, head[a] * sine + head[b] * cosine);
        }
    }
}
