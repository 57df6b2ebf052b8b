using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>16-bit copies of rows, bit for bit, and what they are divided by.</summary>
public sealed class RoundRowsTests
{
    public static TheoryData<bool, int> Shapes
    {
        get
        {
            TheoryData<bool, int> shapes = [];
            foreach (int columns in new[] { 1, 2, 31, 63, 64, 65, 255, 513, 1000 })
            {
                shapes.Add(true, columns);
                shapes.Add(false, columns);
            }
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rounds_to_nearest_and_fills_with_zeros(bool half, int columns)
    {
        using KernelBench bench = KernelBench.Open();
        float[] sizes = [1, 40000, 32768, 1e-6f, 3e38f, 1e-40f, 0, 100];
        float[] input = Numbers.Random(sizes.Length * columns, seed: columns);
        for (int i = 0; i < input.Length; i++)
            input[i] *= sizes[i / columns];
        input[2 * columns] = -32768; // the largest that need not be scaled
        Check(bench, input, columns, half);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_no_number_stays_what_it_is_and_does_not_disturb_the_others(bool half)
    {
        using KernelBench bench = KernelBench.Open();
        const int Columns = 70;
        float[] input = Numbers.Random(3 * Columns, seed: 4, size: 1e6f);
        input[3] = float.NaN;
        input[Columns + 69] = float.PositiveInfinity;
        input[2 * Columns] = float.NegativeInfinity;
        float[] rounded = Check(bench, input, Columns, half);
        Assert.Equal((float.NaN, float.PositiveInfinity, float.NegativeInfinity), (rounded[3], rounded[Columns + 69], rounded[2 * Columns]));
        Assert.Equal(3, rounded.Count(value => !float.IsFinite(value)));
    }

    [Fact]
    public void Rounds_ties_to_even()
    {
        using KernelBench bench = KernelBench.Open();
        float[] ties = [1 + 1f / 2048, 1 + 3f / 2048, -1 - 1f / 2048, 1 + 1f / 256, 1 + 3f / 256, 65504 / 4f, 2049, 2051];
        Check(bench, ties, ties.Length, half: true);
        Check(bench, ties, ties.Length, half: false);
    }

    /// <summary>What rounding gives, by the definition: rows divided by a power of two, which is the row's entry of <paramref name="scales"/>.</summary>
    internal static float[] Rounded(float[] input, int columns, bool half, out float[] scales)
    {
        float[] divisors = new float[input.Length / columns];
        for (int row = 0; row < divisors.Length; row++)
        {
            float largest = input.Skip(row * columns).Take(columns).Where(float.IsFinite).Select(MathF.Abs).DefaultIfEmpty().Max();
            bool scaled = half && largest != 0 && largest is > 32768 or (> 0 and < 1);
            divisors[row] = half && scaled ? (float)Math.Pow(2, Math.Max(-126, Math.ILogB(largest) - 14)) : 1;
        }
        scales = divisors;
        return [.. input.Select((value, i) => half ? (float)(Half)(value / divisors[i / columns]) : ToBFloat16(value))];
    }

    private static float ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? value : BitConverter.UInt32BitsToSingle(bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000);
    }

    private static float[] Check(KernelBench bench, float[] input, int columns, bool half)
    {
        int rows = input.Length / columns, stride = LinearKernels.RoundedStride(columns), inputStride = (columns + 3) / 4 * 4;
        float[] spread = new float[rows * inputStride];
        spread.AsSpan().Fill(float.NaN);
        for (int row = 0; row < rows; row++)
            input.AsSpan(row * columns, columns).CopyTo(spread.AsSpan(row * inputStride));
        BenchBuffer output = bench.Allocate((rows + 1) * stride * sizeof(ushort)), scales = bench.Allocate((rows + 1) * sizeof(float));
        LinearKernels.Resolve(bench.Kernels, half ? TensorType.Q4_K : TensorType.BF16).RoundRows(bench.Stream, new RoundRowsArguments
        {
            Input = bench.Upload(spread),
            Output = output,
            Scales = scales,
            InputStride = inputStride,
            OutputStride = stride,
            Columns = columns,
            Rows = rows,
        });
        bench.Finish();

        float[] expected = Rounded(input, columns, half, out float[] divisors);
        ushort[] bits = bench.Download<ushort>(output, (rows + 1) * stride);
        Assert.Equal(divisors, bench.Download<float>(scales, rows));
        Assert.Equal(uint.MaxValue, bench.Download<uint>(scales, rows + 1)[rows]);
        for (int row = 0; row < rows; row++)
        {
            float[] values = [.. bits.Skip(row * stride).Take(stride).Select(value => half ? (float)BitConverter.UInt16BitsToHalf(value) : BitConverter.UInt32BitsToSingle((uint)value << 16))];
            Assert.Equal(expected[(row * columns)..((row + 1) * columns)], values[..columns]);
            Assert.All(values[columns..], value => Assert.Equal(0, value));
        }
        Assert.All(bits[(rows * stride)..], value => Assert.Equal(ushort.MaxValue, value));
        return expected;
    }
}
