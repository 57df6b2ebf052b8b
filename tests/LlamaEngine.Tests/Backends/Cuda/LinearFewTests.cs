namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>The memory-bound linear layer: against decoded weights in double precision, and alike whatever rows stand beside.</summary>
public sealed class LinearFewTests
{
    private const int Rows = 9;

    // Sums of at most 96 steps a thread and 9 more over the block, each rounded once to 24 bits, and the errors have either sign.
    private const double Bound = 1e-6;

    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void Multiplies_as_defined(string name)
    {
        using KernelBench bench = KernelBench.Open();
        TensorType type = Enum.Parse<TensorType>(name);
        foreach (int inputs in StoredWeights.RowSizes(type))
        {
            foreach (int outputs in new[] { 1, 16, 83 })
            {
                StoredWeights weights = new(type, outputs, inputs, seed: outputs + inputs);
                LinearBench linear = new(bench, weights, Numbers.Random(2 * inputs, seed: inputs, size: 100), bias: outputs == 16);
                float[] results = linear.Run(2, arguments => linear.Kernels.MultiplyFew(bench.Stream, arguments));
                linear.AssertClose(results, Bound, linear.Input, weights.Values);
            }
        }
    }

    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void A_row_is_the_same_in_every_batch(string name)
    {
        using KernelBench bench = KernelBench.Open();
        TensorType type = Enum.Parse<TensorType>(name);
        int inputs = StoredWeights.RowSizes(type)[^1];
        StoredWeights weights = new(type, outputs: 17, inputs, seed: 5);
        LinearBench linear = new(bench, weights, Numbers.Random(Rows * inputs, seed: 6), bias: true);
        float[] all = linear.Run(Rows, arguments => linear.Kernels.MultiplyFew(bench.Stream, arguments));
        linear.AssertClose(all, Bound, linear.Input, weights.Values);
        for (int rows = 1; rows < Rows; rows++)
        {
            // The last ones, so that rows change their places.
            float[] some = linear.Run(rows, arguments => linear.Kernels.MultiplyFew(bench.Stream, arguments), firstRow: Rows - rows);
            Assert.Equal(all[^some.Length..], some);
        }
    }

    [Fact]
    public void Long_rows_and_many_outputs()
    {
        using KernelBench bench = KernelBench.Open();
        StoredWeights weights = new(TensorType.Q4_K, outputs: 5, inputs: 256 * 43, seed: 1);
        LinearBench linear = new(bench, weights, Numbers.Random(weights.Inputs, seed: 2), bias: false);
        float[] results = linear.Run(1, arguments => linear.Kernels.MultiplyFew(bench.Stream, arguments));
        linear.AssertClose(results, Bound, linear.Input, weights.Values);
    }

    [Fact]
    public void What_is_no_number_stays_in_its_row()
    {
        using KernelBench bench = KernelBench.Open();
        StoredWeights weights = new(TensorType.Q8_0, outputs: 4, inputs: 64, seed: 1);
        float[] input = Numbers.Random(3 * 64, seed: 2);
        input[64 + 17] = float.NaN;
        LinearBench linear = new(bench, weights, input, bias: false);
        float[] results = linear.Run(3, arguments => linear.Kernels.MultiplyFew(bench.Stream, arguments));
        Assert.All(results[4..8], value => Assert.Equal(float.NaN, value));
        Assert.All(results[..4].Concat(results[8..]), value => Assert.True(float.IsFinite(value)));
    }
}
