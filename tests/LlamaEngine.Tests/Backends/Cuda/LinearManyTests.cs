using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>
/// The linear layer for many rows: exactly the products of the numbers rounded to 16 bits, and close to those of the numbers before.
/// </summary>
public sealed class LinearManyTests
{
    private const int Rows = 65;

    // Products of 16-bit numbers are exact in float32, so only sums are rounded; tensor cores may cut them off rather than round.
    private const double SumBound = 2e-6;

    // Either factor is rounded by at most 2^-11 of itself in half precision, weights as well as activations, 2^-10 together; the
    // errors of the hundreds of products have either sign, and what is left of them is far below half of that. bfloat16 weights are
    // what they are, and their activations are rounded by at most 2^-9.
    private const double HalfBound = 1.0 / 2048, BFloatBound = 1.0 / 1024;

    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void Multiplies_rounded_numbers_as_defined(string name)
    {
        using KernelBench bench = KernelBench.Open();
        TensorType type = Enum.Parse<TensorType>(name);
        foreach (int inputs in StoredWeights.RowSizes(type))
        {
            foreach (int outputs in new[] { 1, 16, 83 })
            {
                StoredWeights weights = new(type, outputs, inputs, seed: outputs + inputs);
                LinearBench linear = new(bench, weights, Input(17, inputs), bias: outputs == 16);
                foreach (int rows in new[] { 2, 17 })
                    Check(bench, linear, weights, Multiply(bench, linear, inputs, rows));
            }
        }
    }

    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void Is_close_to_the_numbers_before_rounding(string name)
    {
        using KernelBench bench = KernelBench.Open();
        TensorType type = Enum.Parse<TensorType>(name);
        StoredWeights weights = new(type, outputs: 70, inputs: 512, seed: 8);
        LinearBench linear = new(bench, weights, Input(20, 512), bias: true);
        double bound = type switch { TensorType.F32 => SumBound, TensorType.BF16 => BFloatBound, _ => HalfBound };
        linear.AssertClose(Multiply(bench, linear, 512, 20), bound, linear.Input, weights.Values);
    }

    /// <summary>The tiles for up to 16 and for more rows give the same bits, too.</summary>
    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void A_row_is_the_same_in_every_batch(string name)
    {
        using KernelBench bench = KernelBench.Open();
        TensorType type = Enum.Parse<TensorType>(name);
        int inputs = StoredWeights.RowSizes(type)[^1];
        StoredWeights weights = new(type, outputs: 83, inputs, seed: 5);
        LinearBench linear = new(bench, weights, Input(Rows, inputs), bias: true);
        float[] all = Multiply(bench, linear, inputs, Rows);
        Check(bench, linear, weights, all);
        foreach (int rows in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 63, 64 })
        {
            // The last ones, so that rows change their places.
            float[] some = Multiply(bench, linear, inputs, rows, firstRow: Rows - rows);
            Assert.Equal(all[^some.Length..], some);
        }
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F32)]
    public void What_is_no_number_stays_in_its_row(TensorType type)
    {
        using KernelBench bench = KernelBench.Open();
        StoredWeights weights = new(type, outputs: 4, inputs: 70, seed: 1);
        float[] input = Numbers.Random(20 * 70, seed: 2);
        input[2 * 70 + 17] = float.NaN;
        input[18 * 70 + 69] = float.PositiveInfinity;
        LinearBench linear = new(bench, weights, input, bias: false);
        float[] results = Multiply(bench, linear, 70, 20);
        for (int i = 0; i < results.Length; i++)
            Assert.Equal(i / 4 is not (2 or 18), float.IsFinite(results[i]));
    }

    [Theory]
    [InlineData(TensorType.Q6_K)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F32)]
    public void The_number_of_rows_chooses_the_kernel_unless_results_are_to_be_invariant(TensorType type)
    {
        using KernelBench bench = KernelBench.Open();
        const int Inputs = 256, Few = LinearKernels.MostFewRows;
        StoredWeights weights = new(type, outputs: 20, Inputs, seed: 1);
        LinearBench linear = new(bench, weights, Numbers.Random((Few + 1) * Inputs, seed: 2), bias: true);
        float[] few = linear.Run(Few, arguments => linear.Kernels.MultiplyFew(bench.Stream, arguments));
        Assert.Equal(few, Multiply(bench, linear, Inputs, Few, batchInvariant: false));
        float[] many = Multiply(bench, linear, Inputs, Few + 1);
        Assert.Equal(many, Multiply(bench, linear, Inputs, Few + 1, batchInvariant: false));
        Assert.NotEqual(few, many[..few.Length]);
    }

    [Fact]
    public void A_kernel_that_a_type_has_not_is_refused()
    {
        using KernelBench bench = KernelBench.Open();
        LinearKernels floats = LinearKernels.Resolve(bench.Kernels, TensorType.F32), halves = LinearKernels.Resolve(bench.Kernels, TensorType.F16);
        Assert.Throws<InvalidOperationException>(() => floats.RoundRows(bench.Stream, default));
        Assert.Throws<InvalidOperationException>(() => floats.MultiplyMany(bench.Stream, default));
        Assert.Throws<InvalidOperationException>(() => halves.MultiplyFloats(bench.Stream, default));
    }

    /// <summary>Rows of usual numbers; among the first ones also of huge ones, tiny ones and zeros.</summary>
    private static float[] Input(int rows, int inputs)
    {
        float[] input = Numbers.Random(rows * inputs, seed: rows);
        for (int i = 0; i < inputs; i++)
        {
            input[i] *= 3e6f;
            if (rows > 2)
                (input[inputs + i], input[2 * inputs + i]) = (input[inputs + i] * 1e-9f, 0);
        }
        return input;
    }

    private static float[] Multiply(KernelBench bench, LinearBench linear, int inputs, int rows, int firstRow = 0, bool batchInvariant = true)
    {
        RoundedRows rounded = new(bench.Allocate(rows * LinearKernels.RoundedStride(inputs) * sizeof(ushort)), bench.Allocate(rows * sizeof(float)));
        return linear.Run(rows, arguments => linear.Kernels.Multiply(bench.Stream, arguments, rounded, batchInvariant), firstRow);
    }

    private static void Check(KernelBench bench, LinearBench linear, StoredWeights weights, float[] results)
    {
        float[] input = linear.Input, rounded = weights.Values;
        if (linear.Kernels.RoundsInput)
        {
            bool half = weights.Type != TensorType.BF16;
            input = RoundRowsTests.Rounded(input, weights.Inputs, half, out float[] scales).Select((value, i) => value * scales[i / weights.Inputs]).ToArray();
            rounded = half ? [.. rounded.Select(value => (float)(Half)value)] : rounded;
        }
        linear.AssertClose(results, SumBound, input, rounded);
    }
}
