using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>A linear layer on the device, rows that go through it, and the result in double precision.</summary>
internal sealed class LinearBench
{
    private const uint Untouched = uint.MaxValue;

    private readonly KernelBench _bench;
    private readonly StoredWeights _weights;
    private readonly BenchBuffer _weight, _inputRows;
    private readonly int _inputStride, _outputStride;

    /// <summary>Uploads the weights and <paramref name="input"/>, [rows, inputs]; between the rows stands NaN.</summary>
    public LinearBench(KernelBench bench, StoredWeights weights, float[] input, bool bias)
    {
        (_bench, _weights, Input) = (bench, weights, input);
        Rows = input.Length / weights.Inputs;
        _inputStride = Stride(weights.Inputs);
        _outputStride = Stride(weights.Outputs);
        float[] spread = new float[Rows * _inputStride];
        spread.AsSpan().Fill(float.NaN);
        for (int row = 0; row < Rows; row++)
            input.AsSpan(row * weights.Inputs, weights.Inputs).CopyTo(spread.AsSpan(row * _inputStride));
        _weight = bench.Upload(weights.Bytes);
        _inputRows = bench.Upload(spread);
        Kernels = LinearKernels.Resolve(bench.Kernels, weights.Type);
        if (!bias)
            return;
        Bias = Numbers.Random(weights.Outputs, seed: 3);
        _bias = bench.Upload(Bias);
    }

    private readonly BenchBuffer? _bias;

    public LinearKernels Kernels { get; }

    public int Rows { get; }

    public float[] Input { get; }

    /// <summary>The bias, or null.</summary>
    public float[]? Bias { get; }

    /// <summary>Runs a kernel over the first rows and gives [rows, outputs]; all else in the output must be left alone.</summary>
    public float[] Run(int rows, Action<LinearArguments> launch, int firstRow = 0)
    {
        int count = (rows + 1) * _outputStride;
        BenchBuffer output = _bench.Allocate(count * sizeof(float));
        launch(new LinearArguments
        {
            Weight = _weight,
            Bias = _bias is null ? 0 : _bias,
            Input = _inputRows.Address + (ulong)(firstRow * _inputStride * sizeof(float)),
            Output = output,
            RowBytes = _weights.RowBytes,
            InputStride = _inputStride,
            OutputStride = _outputStride,
            Inputs = _weights.Inputs,
            Outputs = _weights.Outputs,
            Rows = rows,
        });
        _bench.Finish();
        uint[] bits = _bench.Download<uint>(output, count);
        float[] result = new float[rows * _weights.Outputs];
        for (int i = 0; i < count; i++)
        {
            (int row, int o) = (i / _outputStride, i % _outputStride);
            if (row < rows && o < _weights.Outputs)
                result[row * _weights.Outputs + o] = BitConverter.UInt32BitsToSingle(bits[i]);
            else
                Assert.True(bits[i] == Untouched, $"{this}: row {row}, column {o} is outside, but was written");
        }
        return result;
    }

    /// <summary>
    /// Every result is within <paramref name="relative"/> · Σ|products| of the sum of <paramref name="input"/> times
    /// <paramref name="weights"/> in double precision.
    /// </summary>
    public void AssertClose(float[] results, double relative, float[] input, float[] weights)
    {
        for (int i = 0; i < results.Length; i++)
        {
            (int row, int o) = (i / _weights.Outputs, i % _weights.Outputs);
            double sum = Bias?[o] ?? 0, magnitude = Math.Abs(sum);
            for (int k = 0; k < _weights.Inputs; k++)
            {
                double product = (double)input[row * _weights.Inputs + k] * weights[o * _weights.Inputs + k];
                sum += product;
                magnitude += Math.Abs(product);
            }
            if (!(Math.Abs(results[i] - sum) <= magnitude * relative))
                Assert.Fail($"{this}: row {row}, output {o} is {results[i]:R} instead of {sum:R}, off by {Math.Abs(results[i] - sum) / magnitude:E2} of {magnitude}");
        }
    }

    public override string ToString() => $"{_weights.Type}, {_weights.Outputs} outputs, {_weights.Inputs} inputs";

    private static int Stride(int columns) => (columns + 3) / 4 * 4 + 4;
}
