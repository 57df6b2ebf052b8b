using LlamaEngine.Devices;
using LlamaEngine.Models;

namespace LlamaEngine.Backends;

/// <summary>What a device has for a model, and how it stores what a <see cref="MemoryPlan"/> counts.</summary>
internal abstract class DeviceMemory
{
    /// <summary>What may be taken now.</summary>
    public abstract AvailableMemory Available { get; }

    /// <summary>The share of what weights and workspace leave that the KV cache takes unless the options say otherwise.</summary>
    public abstract double KvCacheFraction { get; }

    /// <summary>Most positions of the KV cache unless the options say otherwise.</summary>
    public abstract int KvCacheTokens { get; }

    /// <summary>Passes whose outputs are held at once.</summary>
    public abstract int Slots { get; }

    /// <summary>Bytes of one block of the KV cache over all layers as the device stores it.</summary>
    public abstract long KvBlockBytes(KvLayout layout);

    /// <summary>Bytes that operations take beside their operands.</summary>
    /// <param name="sizes">The model.</param>
    /// <param name="kvLayout">Shape of its KV cache.</param>
    /// <param name="maxRows">Most rows of one pass.</param>
    /// <param name="maxSequences">Most sequences of one pass.</param>
    /// <param name="maxLogitRows">Most rows with logits of one pass.</param>
    /// <param name="contextLength">Most positions of a sequence.</param>
    public abstract long ScratchBytes(
        LlamaConfiguration sizes, KvLayout kvLayout, int maxRows, int maxSequences, int maxLogitRows, int contextLength);
}
