using LlamaEngine.Backends.Cuda.Cache;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Backends.Cuda.Passes;
using LlamaEngine.Devices;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Memory of a CUDA device.</summary>
/// <param name="available">What may be taken.</param>
internal sealed class CudaMemory(AvailableMemory available) : DeviceMemory
{
    /// <summary>Most bytes that partial results of attention take; where a pass would need more, its rows go in slices.</summary>
    public const long MaxPartialBytes = 64 << 20;

    // What a graph takes on the device: a guess on the safe side for models of dozens of layers, not measured yet.
    private const long GraphBytes = 512 << 10;

    /// <inheritdoc/>
    public override AvailableMemory Available => available;

    /// <summary>What the driver says is free, that is, after everything other processes and this one hold.</summary>
    public static AvailableMemory FreeOn(CudaContext context) => new(context.Memory().Free, MemoryLimit.Device);

    /// <summary>Nearly all: nothing else of this process needs the device. The rest is for what drivers take unseen.</summary>
    public override double KvCacheFraction => 0.9;

    /// <summary>Four million: the index on the host then takes some megabytes.</summary>
    public override int KvCacheTokens => 1 << 22;

    /// <summary>One is computed while the other's results are read.</summary>
    public override int Slots => 2;

    /// <inheritdoc/>
    public override long KvBlockBytes(KvLayout layout) => new KvBlockLayout(layout).BlockBytes;

    /// <inheritdoc/>
    public override long ScratchBytes(
        LlamaConfiguration sizes, KvLayout kvLayout, int maxRows, int maxSequences, int maxLogitRows, int contextLength)
    {
        int attention = sizes.HeadCount * sizes.HeadSize, widest = Math.Max(Math.Max(attention, sizes.HiddenSize), sizes.IntermediateSize);
        long rounded = (long)maxRows * LinearKernels.RoundedStride(widest) * sizeof(ushort) + (long)maxRows * sizeof(float);
        long partialRow = sizeof(float) * AttentionKernels.PartialFloats(
            1, sizes.HeadCount, PassShape.PaddedChunks(PassShape.ChunksFor(contextLength)), sizes.HeadSize);
        long partials = Math.Max(partialRow, Math.Min(MaxPartialBytes, maxRows * partialRow));
        long sampling = (long)maxLogitRows * sizes.VocabularySize * sizeof(float);
        long rope = (long)contextLength * sizes.Rope.Dimension * sizeof(float);
        long plans = Slots * (maxRows * 64L + maxSequences * 128L + (long)maxSequences * contextLength / kvLayout.BlockSize * sizeof(int));
        return rounded + partials + sampling + rope + plans + GraphCache.Capacity * GraphBytes;
    }
}
