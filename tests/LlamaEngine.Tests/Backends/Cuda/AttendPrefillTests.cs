using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Attention of many rows on tensor cores.</summary>
public sealed class AttendPrefillTests
{
    private const int NoWindow = int.MaxValue;

    /// <summary>One row, tiles that are not full, full and a little more, at the start and behind a prefix.</summary>
    private static AttendedSequence[] Sequences => [new(0, 1, 1), new(0, 17, 4), new(255, 3, 7), new(0, 64, 10), new(40, 65, 13), new(63, 1, 16)];

    /// <summary>Type, head size, query heads, key-value heads, block size, window.</summary>
    public static TheoryData<string, int, int, int, int, int> Shapes => new()
    {
        { "F16", 12, 3, 1, 16, NoWindow },
        { "F16", 48, 2, 2, 16, 1 },
        { "F16", 64, 4, 1, 16, NoWindow },
        { "F16", 80, 2, 1, 16, 40 },
        { "F16", 128, 2, 1, 16, NoWindow },
        { "F16", 144, 1, 1, 16, NoWindow },
        { "F16", 13, 2, 1, 20, 70 },
        { "BF16", 64, 3, 1, 16, 64 },
        { "BF16", 128, 2, 2, 32, NoWindow },
        { "BF16", 256, 1, 1, 16, 33 },
        { "Q8_0", 48, 3, 1, 16, NoWindow },
        { "Q8_0", 64, 2, 1, 16, 17 },
        { "Q8_0", 128, 2, 1, 16, NoWindow },
        { "Q8_0", 33, 1, 1, 16, NoWindow },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attends_as_defined(string type, int headSize, int heads, int kvHeads, int blockSize, int window)
    {
        using KernelBench bench = KernelBench.Open();
        AttentionCase attention = new(AttendDecodeTests.Layout(type, headSize, heads, kvHeads, blockSize), window, Sequences);
        double unit = type == "BF16" ? 1.0 / 256 : 1.0 / 2048, decoded = type == "Q8_0" ? unit : 0;
        attention.Check(attention.Prefill(bench), (score, value) => Bound(unit, decoded, score, value));
    }

    /// <summary>
    /// A query's numbers are off by half a unit of their last place, so a score by at most that part of its terms' magnitudes, and
    /// a weight, after division by their sum, by twice that as an exponent. Weights are rounded again for the product with the
    /// values; where bytes are decoded to halves, keys and values are, too. The last term is for float32 and for halves below 2^-14.
    /// </summary>
    private static double Bound(double unit, double decoded, double largestScore, double largestValue) =>
        (Math.Exp(2 * (unit + decoded) * largestScore) - 1 + unit + decoded + 2e-5) * largestValue;

    [Theory]
    [InlineData("F16", 64, NoWindow)]
    [InlineData("Q8_0", 48, 50)]
    [InlineData("BF16", 20, 64)]
    public void Tiles_and_company_do_not_change_a_bit(string type, int headSize, int window)
    {
        using KernelBench bench = KernelBench.Open();
        KvLayout layout = AttendDecodeTests.Layout(type, headSize, 2, 1, 16);
        AttendedSequence whole = new(0, 150, 5);
        float[] expected = new AttentionCase(layout, window, whole).Prefill(bench);
        Assert.Equal(expected, new AttentionCase(layout, window, whole).Prefill(bench, tileRows: 37));
        AttentionCase rest = new(layout, window, new AttendedSequence(3, 20, 9), whole with { First = 70, Rows = 80 });
        Assert.Equal(expected[(70 * rest.Outputs)..], rest.Prefill(bench)[(20 * rest.Outputs)..]);
    }

    [Fact]
    public void A_float32_cache_has_no_such_kernel()
    {
        using KernelBench bench = KernelBench.Open();
        Assert.False(new AttentionKernels(bench.Kernels, AttendDecodeTests.Layout("F32", 64, 2, 1, 16)).CanPrefill);
        Assert.True(new AttentionKernels(bench.Kernels, AttendDecodeTests.Layout("F16", 64, 2, 1, 16)).CanPrefill);
    }
}
