using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Formats;

namespace LlamaEngine.Backends.Cpu.Linear;

/// <summary>Makes linear layers: chooses how each weight is stored, and repacks.</summary>
internal sealed class LinearLoader(CpuOptions options, CpuInstructionSet level, KernelTable kernels, WorkerPool pool, MemoryCounter counter)
{
    private readonly Dictionary<TensorType, QuantizedKernels> _quantized = [];

    /// <summary>See <see cref="IBackend.LoadLinear"/>.</summary>
    public CpuLinearWeight Load(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, CancellationToken cancellation)
    {
        foreach (TensorData weight in weights)
            ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Columns, weights[0].Columns, nameof(weights));
        var segments = new List<LinearSegment>();
        try
        {
            int outputs = 0;
            for (int first = 0, end; first < weights.Length; first = end)
            {
                cancellation.ThrowIfCancellationRequested();
                end = first + 1;
                while (IsPacked(weights[first].Type) && end < weights.Length && weights[end].Type == weights[first].Type)
                    end++;
                segments.Add(LoadSegment(weights[first..end], outputs, cancellation));
                outputs = checked(outputs + segments[^1].Outputs);
            }
            return new CpuLinearWeight(weights[0].Columns, outputs, [.. segments], CpuLinearWeight.JoinBiases(weights, biases, outputs, counter));
        }
        catch
        {
            segments.ForEach(segment => segment.Dispose());
            throw;
        }
    }

    private bool IsPacked(TensorType type) => options.QuantizedActivations || !type.IsQuantized();

    private LinearSegment LoadSegment(ReadOnlySpan<TensorData> weights, int firstOutput, CancellationToken cancellation)
    {
        TensorType type = weights[0].Type;
        if (!IsPacked(type))
            return new FloatSegment(weights[0], firstOutput, kernels);
        return type.IsQuantized()
            ? new QuantizedSegment(PackedWeight.Pack(weights, pool, counter, cancellation), firstOutput, KernelsFor(type))
            : new PanelSegment(PackedFloatWeight.Pack(weights, pool, counter, cancellation), firstOutput, kernels);
    }

    private QuantizedKernels KernelsFor(TensorType type)
    {
        if (!_quantized.TryGetValue(type, out QuantizedKernels? found))
            _quantized.Add(type, found = QuantizedKernels.For(type, level));
        return found;
    }
}
