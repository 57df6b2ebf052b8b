using LlamaEngine.Backends;
using LlamaEngine.Devices;
using LlamaEngine.Formats;

namespace LlamaEngine.Models;

/// <summary>How long the context is, and what weights, KV cache and workspace take.</summary>
internal sealed record MemoryPlan
{
    /// <summary>Most positions unless the options say otherwise: enough for a chat, affordable on a laptop.</summary>
    private const int DefaultContextLength = 8192;

    /// <summary>Most positions of a sequence.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Most rows of one pass.</summary>
    public required int MaxBatchTokens { get; init; }

    /// <summary>Most sequences that run at once.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Most rows with logits in one pass.</summary>
    public required int MaxLogitRows { get; init; }

    /// <summary>Blocks of the KV cache.</summary>
    public required int Blocks { get; init; }

    /// <summary>Shape of the KV cache.</summary>
    public required KvLayout KvLayout { get; init; }

    /// <summary>The type most weights have.</summary>
    public required TensorType WeightType { get; init; }

    /// <summary>Bytes of weights.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of activations.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Bytes of the KV cache.</summary>
    public long KvBytes => Blocks * KvLayout.BlockBytes;

    /// <summary>Plans the memory of a model.</summary>
    /// <exception cref="ContextLengthExceededException">The options ask for more positions than the model was trained for.</exception>
    public static MemoryPlan Create(EngineOptions options, ModelFile file, int blockSize, int minLogitRows)
    {
        LlamaConfiguration sizes = file.Configuration;
        if (options.ContextLength > sizes.ContextLength)
            throw new ContextLengthExceededException(options.ContextLength.Value, sizes.ContextLength);
        int contextLength = options.ContextLength ?? Math.Min(sizes.ContextLength, DefaultContextLength);
        int maxLogitRows = Math.Max(minLogitRows, options.MaxSequences);
        int batch = Math.Min(options.MaxBatchTokens, contextLength);
        TensorType weightType = file.Tensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.ElementCount))!.Key;
        return new MemoryPlan
        {
            ContextLength = contextLength,
            MaxBatchTokens = batch,
            MaxSequences = options.MaxSequences,
            MaxLogitRows = maxLogitRows,
            Blocks = (ChooseKvTokens(options, contextLength) + blockSize - 1) / blockSize,
            KvLayout = new KvLayout(
                sizes.LayerCount, sizes.KeyValueHeadCount, sizes.HeadCount, sizes.HeadSize, blockSize, ChooseKvType(options, weightType)),
            WeightType = weightType,
            WeightBytes = file.Tensors.Sum(tensor => tensor.ByteLength),
            WorkspaceBytes = LlamaWorkspace.Bytes(sizes, batch, maxLogitRows),
        };
    }

    /// <summary>Refuses a model that does not fit into what this process may use.</summary>
    /// <exception cref="InsufficientDeviceMemoryException">It does not fit.</exception>
    public void ThrowIfInsufficient()
    {
        long needed = WeightBytes + KvBytes + WorkspaceBytes, available = MemoryBudget.AvailableBytes();
        if (needed > available)
        {
            throw new InsufficientDeviceMemoryException(
                needed,
                available,
                $"Weights take {WeightBytes:N0}, the KV cache {KvBytes:N0}, the workspace {WorkspaceBytes:N0}: "
                + "lower EngineOptions.ContextLength or MaxBatchTokens, or choose a smaller model or weight type.");
        }
    }

    private static int ChooseKvTokens(EngineOptions options, int contextLength)
    {
        if (options.KvCacheTokens is not { } tokens)
            return contextLength;
        if (tokens < contextLength)
            throw new ContextLengthExceededException(contextLength, tokens);
        return tokens;
    }

    private static KvType ChooseKvType(EngineOptions options, TensorType weightType) => options.KvCacheType switch
    {
        KvCacheType.F32 => KvType.F32,
        KvCacheType.F16 => KvType.F16,
        _ => weightType == TensorType.F32 ? KvType.F32 : KvType.F16,
    };
}
