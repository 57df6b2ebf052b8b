using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Attention row by row, split over the context.</summary>
public sealed class AttendDecodeTests
{
    private const int NoWindow = int.MaxValue;

    /// <summary>Around the ends of blocks and chunks, and several chunks.</summary>
    private static readonly int[] s_contexts = [1, 15, 16, 17, 255, 256, 257, 600];

    private static AttendedSequence[] Contexts => [.. s_contexts.Select(context => new AttendedSequence(context - 1, 1, 10 * context))];

    /// <summary>Type, head size, query heads, key-value heads, block size, window.</summary>
    public static TheoryData<string, int, int, int, int, int> Shapes => new()
    {
        { "F32", 12, 2, 2, 16, NoWindow },
        { "F32", 128, 3, 1, 16, NoWindow },
        { "F32", 256, 2, 1, 16, 100 },
        { "F16", 12, 3, 1, 16, NoWindow },
        { "F16", 48, 8, 2, 16, NoWindow },
        { "F16", 64, 3, 3, 16, 1 },
        { "F16", 80, 8, 1, 16, 256 },
        { "F16", 128, 8, 2, 16, NoWindow },
        { "F16", 13, 20, 1, 20, 300 },
        { "BF16", 64, 6, 2, 32, NoWindow },
        { "BF16", 128, 4, 1, 16, 17 },
        { "BF16", 7, 2, 1, 16, NoWindow },
        { "Q8_0", 48, 3, 1, 16, NoWindow },
        { "Q8_0", 64, 4, 1, 16, NoWindow },
        { "Q8_0", 80, 16, 2, 16, 257 },
        { "Q8_0", 128, 8, 1, 16, NoWindow },
        { "Q8_0", 33, 2, 2, 16, 40 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attends_as_defined(string type, int headSize, int heads, int kvHeads, int blockSize, int window)
    {
        using KernelBench bench = KernelBench.Open();
        AttentionCase attention = new(Layout(type, headSize, heads, kvHeads, blockSize), window, Contexts);
        attention.Check(attention.Decode(bench), Bound);
    }

    /// <summary>Scores, weights and sums are float32: a few roundings of the score's terms, and of the weighted values.</summary>
    private static double Bound(double largestScore, double largestValue) => 1e-5 * largestValue;

    [Theory]
    [InlineData("F16", 64, 4, 1, NoWindow)]
    [InlineData("Q8_0", 48, 3, 1, 90)]
    [InlineData("F32", 13, 2, 2, NoWindow)]
    public void Company_padding_and_more_chunks_do_not_change_a_bit(string type, int headSize, int heads, int kvHeads, int window)
    {
        using KernelBench bench = KernelBench.Open();
        KvLayout layout = Layout(type, headSize, heads, kvHeads, 16);
        AttentionCase together = new(layout, window, Contexts);
        float[] company = together.Decode(bench);
        Assert.Equal(company, together.Decode(bench, moreChunks: 2, padding: 3));
        AttendedSequence[] sequences = Contexts;
        for (int i = 0; i < sequences.Length; i++)
        {
            float[] alone = new AttentionCase(layout, window, sequences[i]).Decode(bench, moreChunks: i % 2);
            Assert.Equal(company[(i * together.Outputs)..((i + 1) * together.Outputs)], alone);
        }
    }

    [Fact]
    public void Rows_of_one_sequence_see_what_was_before_them()
    {
        using KernelBench bench = KernelBench.Open();
        AttentionCase attention = new(Layout("F16", 64, 4, 2, 16), 20, new AttendedSequence(0, 5, 1), new AttendedSequence(250, 9, 2));
        attention.Check(attention.Decode(bench), Bound);
    }

    [Fact]
    public void Rows_before_the_first_are_left_alone()
    {
        using KernelBench bench = KernelBench.Open();
        AttentionCase attention = new(Layout("BF16", 64, 2, 1, 16), NoWindow, Contexts[..5]);
        float[] all = attention.Decode(bench), some = attention.Decode(bench, firstRow: 2);
        Assert.All(some[..(2 * attention.Outputs)], value => Assert.True(float.IsNaN(value)));
        Assert.Equal(all[(2 * attention.Outputs)..], some[(2 * attention.Outputs)..]);
    }

    [Fact]
    public void Heads_that_are_too_large_are_refused()
    {
        using KernelBench bench = KernelBench.Open();
        KvLayout layout = Layout("F16", 257, 1, 1, 16);
        UnsupportedModelException exception = Assert.Throws<UnsupportedModelException>(() => new AttentionKernels(bench.Kernels, layout));
        Assert.Contains("257", exception.Message);
    }

    internal static KvLayout Layout(string type, int headSize, int heads, int kvHeads, int blockSize) =>
        new(2, kvHeads, heads, headSize, blockSize, Enum.Parse<KvType>(type));
}
