using LlamaEngine.Devices;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cpu;

/// <summary>Memory of the machine, which the host program needs, too.</summary>
/// <param name="available">What may be taken.</param>
internal sealed class HostMemory(AvailableMemory available) : DeviceMemory
{
    /// <inheritdoc/>
    public override AvailableMemory Available => available;

    /// <summary>The other half is the host program's.</summary>
    public override double KvCacheFraction => 0.5;

    /// <summary>What 128 sequences of 1,024 take: far more than an embedded model needs, and its index takes less than a megabyte.</summary>
    public override int KvCacheTokens => 131_072;

    /// <inheritdoc/>
    public override int Slots => 1;

    /// <inheritdoc/>
    public override long KvBlockBytes(KvLayout layout) => layout.StoredBlockBytes;

    /// <summary>None that would count: per thread, and in proportion to a row.</summary>
    public override long ScratchBytes(
        LlamaConfiguration sizes, KvLayout kvLayout, int maxRows, int maxSequences, int maxLogitRows, int contextLength) => 0;
}
