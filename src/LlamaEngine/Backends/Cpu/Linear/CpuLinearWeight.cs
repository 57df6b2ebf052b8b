using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Backends.Cpu.Linear;

/// <summary>A linear layer: segments side by side, and one bias over all of them.</summary>
internal sealed unsafe class CpuLinearWeight(int inputs, int outputs, LinearSegment[] segments, NativeBuffer? bias)
    : LinearWeight(inputs, outputs)
{
    /// <summary>output = input · weightᵀ + bias.</summary>
    public void Multiply(Workspace workspace, CpuActivations input, CpuActivations output, int rows)
    {
        LinearSegment? previous = null;
        foreach (LinearSegment segment in segments)
        {
            segment.Multiply(workspace, input, output, rows, bias is null ? null : bias.Floats, previous);
            previous = segment;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (LinearSegment segment in segments)
            segment.Dispose();
        bias?.Dispose();
    }

    /// <summary>Widens biases into one vector; weights without one get zeros. Null if none has one.</summary>
    public static NativeBuffer? JoinBiases(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, int outputs, MemoryCounter counter)
    {
        NativeBuffer? joined = null;
        int first = 0;
        for (int i = 0; i < weights.Length; first += weights[i++].Rows)
        {
            if (biases.IsEmpty || biases[i].Data == null)
                continue;
            ArgumentOutOfRangeException.ThrowIfNotEqual(biases[i].Columns, weights[i].Rows, nameof(biases));
            joined ??= new NativeBuffer((long)outputs * sizeof(float), counter);
            BlockCodec.Decode(biases[i].Type, biases[i].Data, joined.Floats + first, biases[i].Columns);
        }
        return joined;
    }
}
