using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Whole sequences [positions][query heads | keys | values] that a backend stores and attends to in parts, and double arithmetic beside it.</summary>
internal sealed record AttendCase(KvLayout Layout, int Positions)
{
    public static RopeConfiguration NoRotation { get; } = new() { Base = 1e4f, Dimension = 0, Layout = RopeLayout.HalfSplit };

    public int Width => (Layout.Heads + 2 * Layout.KeyValueHeads) * Layout.HeadSize;

    public int Outputs => Layout.Heads * Layout.HeadSize;

    public int BlocksPerSequence => (Positions + Layout.BlockSize - 1) / Layout.BlockSize;

    /// <summary>Blocks of two sequences, mixed.</summary>
    public int[][] ScatteredTables()
    {
        int[] all = [.. Enumerable.Range(0, 2 * BlocksPerSequence)];
        new Random(5).Shuffle(all);
        return [all[..BlocksPerSequence], all[BlocksPerSequence..]];
    }

    /// <summary>One pass over parts of sequences, on the last layer; the outputs of all rows.</summary>
    public float[] Step(CudaBench bench, KvStore store, int window, params (float[] Qkv, int First, int Rows, int[] Blocks)[] parts)
    {
        int rows = parts.Sum(part => part.Rows);
        float[] x = [.. parts.SelectMany(part => part.Qkv.Skip(part.First * Width).Take(part.Rows * Width))];
        using CudaActivations qkv = bench.Upload(x, Width), output = bench.Poisoned(rows, Outputs);
        using RopeTable rope = bench.Backend.CreateRope(NoRotation, Layout.HeadSize, Positions);
        BatchPlan plan = new(rows, parts.Length, parts.Length * BlocksPerSequence, Layout.BlockSize);
        foreach ((_, int first, int count, int[] blocks) in parts)
            plan.Add(new int[count], first, blocks, WantedRows.None);
        bench.Pass(plan, () =>
        {
            bench.Backend.RotateAndStore(rope, plan, qkv, store, Layout.Layers - 1);
            bench.Backend.Attend(plan, qkv, store, Layout.Layers - 1, window, output);
        });
        return bench.Download(output, rows);
    }

    /// <summary>Compares rows of a sequence with plain double arithmetic over what the cache's type makes of keys and values.</summary>
    public void Check(float[] qkv, int first, int rows, int window, ReadOnlySpan<float> actual, double bound)
    {
        int size = Layout.HeadSize, group = Layout.Heads / Layout.KeyValueHeads;
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < Layout.Heads; head++)
            {
                double[] expected = Attend(qkv, first + row, head, head / group, window);
                for (int i = 0; i < size; i++)
                {
                    float value = actual[row * Outputs + head * size + i];
                    Assert.True(Math.Abs(expected[i] - value) <= bound, $"position {first + row}, head {head}, value {i}: {value} for {expected[i]}");
                }
            }
        }
    }

    private double[] Attend(float[] qkv, int position, int head, int keyHead, int window)
    {
        int size = Layout.HeadSize, from = (int)Math.Max(0, position - (long)window + 1);
        double[] scores = new double[position + 1], result = new double[size];
        ReadOnlySpan<float> query = qkv.AsSpan(position * Width + head * size, size);
        for (int p = from; p <= position; p++)
        {
            double[] key = Rounded(qkv, p, Layout.Heads + keyHead);
            for (int i = 0; i < size; i++)
                scores[p] += query[i] * key[i] / Math.Sqrt(size);
        }
        double largest = scores[from..].Max(), total = 0;
        for (int p = from; p <= position; p++)
            total += scores[p] = Math.Exp(scores[p] - largest);
        for (int p = from; p <= position; p++)
        {
            double[] value = Rounded(qkv, p, Layout.Heads + Layout.KeyValueHeads + keyHead);
            for (int i = 0; i < size; i++)
                result[i] += scores[p] / total * value[i];
        }
        return result;
    }

    private double[] Rounded(float[] qkv, int position, int head) =>
        KvRounding.Round(Layout.Type, qkv.AsSpan(position * Width + head * Layout.HeadSize, Layout.HeadSize));
}
