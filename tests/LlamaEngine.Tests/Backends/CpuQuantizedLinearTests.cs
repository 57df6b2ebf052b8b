using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Backends;

/// <summary>
/// Linear layers of every quantized type: against decoded weights times activations that are whole numbers up to 127 with a
/// 127 in every block, which rounding to 8 bits leaves as they are.
/// </summary>
public sealed unsafe class CpuQuantizedLinearTests
{
    private const int Columns = 512;

    public static TheoryData<string, bool> Types
    {
        get
        {
            TheoryData<string, bool> types = [];
            foreach (TensorType type in TensorTypes.All)
            {
                types.Add(type.ToString(), true);
                types.Add(type.ToString(), false);
            }
            return types;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiplies_as_defined_and_alike_at_every_batch_size(string name, bool quantizedActivations)
    {
        TensorType type = Enum.Parse<TensorType>(name);
        foreach (int outputs in new[] { 1, 16, 83 })
        {
            byte[] blocks = StoredWeights.Blocks(type, outputs, Columns, seed: outputs);
            const int Rows = 6;
            float[] input = WholeNumbers(Rows);
            double[] expected = Expected(type, blocks, outputs, input, Rows, out double size);
            float[]? first = null;
            foreach (CpuInstructionSet level in Enum.GetValues<CpuInstructionSet>())
            {
                CpuOptions options = new() { Threads = 2, MaxInstructionSet = level, QuantizedActivations = quantizedActivations };
                float[] all = Multiply(options, type, blocks, outputs, input, Rows, batch: Rows);
                for (int i = 0; i < expected.Length; i++)
                    Assert.Equal(expected[i], all[i], size * 1e-6);
                foreach (int batch in new[] { 1, 2, 5 })
                    Assert.Equal(all, Multiply(options with { Threads = 1 }, type, blocks, outputs, input, Rows, batch));
                Assert.Equal(first ??= all, all);
            }
        }
    }

    private static float[] Multiply(CpuOptions options, TensorType type, byte[] blocks, int outputs, float[] input, int rows, int batch)
    {
        using CpuBackend backend = new(options);
        using Activations x = backend.Allocate(batch, Columns), y = backend.Allocate(batch, outputs + 7);
        float[] result = new float[rows * outputs];
        fixed (byte* data = blocks)
        {
            TensorInfo Info(int count) => new("test", type, [count, Columns], "test", 0);
            int upper = outputs / 3;
            // Two weights one below the other: their border is inside a group of rows.
            TensorData[] weights = upper == 0
                ? [new(Info(outputs), data)]
                : [new(Info(upper), data), new(Info(outputs - upper), data + upper * type.ByteLength(Columns))];
            using LinearWeight linear = backend.LoadLinear(weights, [], TestContext.Current.CancellationToken);
            for (int done = 0; done < rows; done += batch)
            {
                int count = Math.Min(batch, rows - done);
                for (int row = 0; row < count; row++)
                {
                    input.AsSpan((done + row) * Columns, Columns).CopyTo(new Span<float>(((CpuActivations)x).Row(row), Columns));
                    new Span<float>(((CpuActivations)y).Row(row), outputs + 7).Fill(12345);
                }
                backend.Linear(linear, x, y, count);
                for (int row = 0; row < count; row++)
                {
                    backend.Read(y, row)[..outputs].CopyTo(result.AsSpan((done + row) * outputs));
                    Assert.All(backend.Read(y, row)[outputs..].ToArray(), poison => Assert.Equal(12345, poison));
                }
            }
        }
        return result;
    }

    private static double[] Expected(TensorType type, byte[] blocks, int outputs, float[] input, int rows, out double size)
    {
        float[] weights = new float[outputs * Columns];
        fixed (byte* data = blocks)
        fixed (float* values = weights)
            BlockCodec.Decode(type, data, values, weights.Length);
        double[] expected = new double[rows * outputs];
        size = 0;
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = 0, magnitude = 0;
                for (int i = 0; i < Columns; i++)
                {
                    double product = (double)weights[o * Columns + i] * input[row * Columns + i];
                    sum += product;
                    magnitude += Math.Abs(product);
                }
                expected[row * outputs + o] = sum;
                size = Math.Max(size, magnitude);
            }
        }
        return expected;
    }

    private static float[] WholeNumbers(int rows)
    {
        Random random = new(7);
        float[] values = new float[rows * Columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = i % 32 == 5 ? (i % 64 == 5 ? 127 : -127) : random.Next(-127, 128);
        values.AsSpan(Columns, 32).Clear();
        return values;
    }
}
