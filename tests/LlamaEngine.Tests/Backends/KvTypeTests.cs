using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;

namespace LlamaEngine.Tests.Backends;

/// <summary>Every number format of the cache: rounded once as defined, then attended to exactly, alike on all instruction sets.</summary>
public sealed class KvTypeTests
{
    private const int Positions = 70;

    /// <summary>Type, head size, block size, query heads, key-value heads.</summary>
    public static TheoryData<string, int, int, int, int> Shapes
    {
        get
        {
            var shapes = new TheoryData<string, int, int, int, int>();
            foreach (string type in Enum.GetNames<KvType>())
            {
                shapes.Add(type, 16, 16, 4, 2);
                shapes.Add(type, 48, 20, 3, 1);
                shapes.Add(type, 64, 16, 5, 1);
                shapes.Add(type, 80, 32, 2, 2);
                shapes.Add(type, 128, 64, 2, 1);
                shapes.Add(type, 10, 48, 2, 1);
            }
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attends_to_the_rounded_values(string type, int headSize, int blockSize, int heads, int kvHeads)
    {
        KvLayout layout = new(2, kvHeads, heads, headSize, blockSize, Enum.Parse<KvType>(type));
        float[] qkv = Random(layout, seed: headSize);
        double[] expected = Expected(layout, qkv);
        float[]? scalar = null;
        foreach (CpuInstructionSet level in Enum.GetValues<CpuInstructionSet>())
        {
            if (CpuInstructionSets.Detect(level) != level)
                continue;
            using AttentionRun run = new(layout, 12, level, threads: 2);
            float[] actual = run.Sequence(qkv, Positions, Positions, Blocks(layout));
            Assert.True(expected.Zip(actual, (right, found) => Math.Abs(right - found)).Max() < 4e-6);
            Assert.Equal(scalar ??= actual, actual);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Chunks_and_company_do_not_change_a_bit(string type, int headSize, int blockSize, int heads, int kvHeads)
    {
        KvLayout layout = new(2, kvHeads, heads, headSize, blockSize, Enum.Parse<KvType>(type));
        float[] qkv = Random(layout, seed: 1), other = Random(layout, seed: 2);
        int[] blocks = Blocks(layout), otherBlocks = [.. blocks.Select(block => 11 - block + 8)];
        using AttentionRun run = new(layout, 20);
        float[] alone = run.Sequence(qkv, Positions, Positions, blocks);
        foreach (int chunk in new[] { 1, 9 })
            Assert.Equal(alone, run.Sequence(qkv, Positions, chunk, blocks));
        List<float> together = [];
        for (int first = 0; first < Positions; first += 9)
        {
            int rows = Math.Min(9, Positions - first), otherFirst = first / 2, outputs = heads * headSize;
            float[] step = run.Step(new AttentionPart(other, otherFirst, 5, otherBlocks), new AttentionPart(qkv, first, rows, blocks));
            together.AddRange(step[(5 * outputs)..]);
        }
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Bytes_take_about_half_of_half_precision()
    {
        KvLayout half = new(30, 3, 9, 64, 16, KvType.F16);
        Assert.Equal(half.BlockBytes, (half with { Type = KvType.BF16 }).BlockBytes);
        Assert.Equal(half.BlockBytes * 2, (half with { Type = KvType.F32 }).BlockBytes);
        Assert.Equal(half.BlockBytes * 17 / 32, (half with { Type = KvType.Q8_0 }).BlockBytes);
    }

    /// <summary>Blocks in descending order: a table is not the identity.</summary>
    private static int[] Blocks(KvLayout layout)
    {
        int count = (Positions + layout.BlockSize - 1) / layout.BlockSize;
        return [.. Enumerable.Range(0, count).Select(i => count - i)];
    }

    /// <summary>Small and large groups, one of zeros, one that is too small for a scale in half precision, and ties.</summary>
    private static float[] Random(KvLayout layout, int seed)
    {
        int width = (layout.Heads + 2 * layout.KeyValueHeads) * layout.HeadSize;
        float[] qkv = Numbers.Random(Positions * width, seed, 2);
        for (int p = 0; p < Positions; p += 5)
        {
            float factor = p % 4 == 0 ? 0 : p % 3 == 0 ? 1e-8f : 0.01f;
            for (int i = layout.Heads * layout.HeadSize; i < width; i++)
                qkv[p * width + i] = p % 10 == 5 ? MathF.Round(qkv[p * width + i] * 64) / 64 + 1f / 256 : qkv[p * width + i] * factor;
        }
        return qkv;
    }

    /// <summary>Softmax in double arithmetic over rounded keys and values.</summary>
    private static double[] Expected(KvLayout layout, float[] qkv)
    {
        int size = layout.HeadSize, width = (layout.Heads + 2 * layout.KeyValueHeads) * size, group = layout.Heads / layout.KeyValueHeads;
        double[] output = new double[Positions * layout.Heads * size];
        for (int head = 0; head < layout.Heads; head++)
        {
            int key = (layout.Heads + head / group) * size, value = key + layout.KeyValueHeads * size;
            double[][] keys = [.. Enumerable.Range(0, Positions).Select(p => KvRounding.Round(layout.Type, qkv.AsSpan(p * width + key, size)))];
            double[][] values = [.. Enumerable.Range(0, Positions).Select(p => KvRounding.Round(layout.Type, qkv.AsSpan(p * width + value, size)))];
            for (int p = 0; p < Positions; p++)
            {
                double total = 0;
                Span<double> result = output.AsSpan((p * layout.Heads + head) * size, size);
                for (int other = 0; other <= p; other++)
                {
                    double score = 0;
                    for (int i = 0; i < size; i++)
                        score += qkv[p * width + head * size + i] * keys[other][i];
                    double weight = Math.Exp(score / Math.Sqrt(size));
                    total += weight;
                    for (int i = 0; i < size; i++)
                        result[i] += weight * values[other][i];
                }
                for (int i = 0; i < size; i++)
                    result[i] /= total;
            }
        }
        return output;
    }
}
