using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Backends;

/// <summary>A row alone goes through kernels of its own; its result is the same, bit for bit, as among others.</summary>
public sealed unsafe class CpuRowTests
{
    private const int Outputs = 83;

    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void Every_row_is_computed_as_if_it_were_alone(string name)
    {
        TensorType type = Enum.Parse<TensorType>(name);
        // Beyond a panel's width where the type allows it, and one row beyond a block with two rows in the last tile of any size.
        int inputs = type.ValuesPerBlock() == 1 ? 131 : 768;
        const int Rows = 256 + 6 + 2;
        StoredWeights weights = new(type, Outputs, inputs, seed: 3);
        float[] input = Numbers.Random(Rows * inputs, 4, 3);
        foreach (CpuInstructionSet level in Enum.GetValues<CpuInstructionSet>())
        {
            float[] together = Multiply(level, type, weights.Bytes, inputs, input, Rows);
            foreach (int row in new[] { 0, 1, 5, 6, 251, 252, 255, 256, 261, 262, Rows - 1 })
            {
                float[] alone = Multiply(level, type, weights.Bytes, inputs, input.AsSpan(row * inputs, inputs), 1);
                Assert.Equal(alone, together.AsSpan(row * Outputs, Outputs).ToArray());
            }
        }
    }

    [Theory]
    [InlineData(0x3C01, 1f)]
    [InlineData(0x0001, 1f)] // The smallest subnormal.
    [InlineData(0x83FF, 1f)] // The largest subnormal, negative.
    [InlineData(0x7BFF, 65535.9f)] // The largest half times what may still be scaled.
    [InlineData(0x3C01, 65536f)] // What may not.
    [InlineData(0x3C01, 1e30f)]
    [InlineData(0x7C00, 1f)] // Infinity.
    [InlineData(0xFC00, 1f)]
    [InlineData(0x7E00, 1f)] // Not a number.
    [InlineData(0x3C01, float.PositiveInfinity)]
    [InlineData(0x3C01, float.NaN)]
    public void Half_precision_of_every_kind_is_multiplied_alike(int special, float activation)
    {
        const int Inputs = 40, Place = 37;
        StoredWeights weights = new(TensorType.F16, Outputs, Inputs, seed: 5);
        BitConverter.TryWriteBytes(weights.Bytes.AsSpan(2 * (7 * Inputs + Place)), (ushort)special);
        float[] input = Numbers.Random(2 * Inputs, 6, 2);
        input[Place] = input[Inputs + Place] = activation;
        foreach (CpuInstructionSet level in Enum.GetValues<CpuInstructionSet>())
        {
            float[] together = Multiply(level, TensorType.F16, weights.Bytes, Inputs, input, 2);
            float[] alone = Multiply(level, TensorType.F16, weights.Bytes, Inputs, input.AsSpan(0, Inputs), 1);
            Assert.Equal(alone, together.AsSpan(0, Outputs).ToArray());
            double expected = 0;
            for (int i = 0; i < Inputs; i++)
                expected += (double)BitConverter.ToHalf(weights.Bytes, 2 * (7 * Inputs + i)) * input[i];
            if (double.IsFinite(expected))
                Assert.Equal(expected, alone[7], 1e-6 * Math.Max(1, Math.Abs(expected)));
            else
                Assert.Equal((float)expected, alone[7]);
        }
    }

    private static float[] Multiply(CpuInstructionSet level, TensorType type, byte[] blocks, int inputs, ReadOnlySpan<float> input, int rows)
    {
        using CpuBackend backend = new(new CpuOptions { Threads = 2, MaxInstructionSet = level });
        using Activations x = backend.Allocate(rows, inputs), y = backend.Allocate(rows, Outputs);
        float[] result = new float[rows * Outputs];
        fixed (byte* data = blocks)
        {
            TensorData tensor = new(new TensorInfo("test", type, [Outputs, inputs], "test", 0), data);
            using LinearWeight linear = backend.LoadLinear([tensor], [], TestContext.Current.CancellationToken);
            for (int row = 0; row < rows; row++)
                input.Slice(row * inputs, inputs).CopyTo(new Span<float>(((CpuActivations)x).Row(row), inputs));
            backend.Linear(linear, x, y, rows);
            for (int row = 0; row < rows; row++)
                backend.Read(y, row)[..Outputs].CopyTo(result.AsSpan(row * Outputs));
        }
        return result;
    }
}
