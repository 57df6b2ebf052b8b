using LlamaEngine.Backends;
using LlamaEngine.Devices;
using LlamaEngine.Formats;

namespace LlamaEngine.Models;

/// <summary>How long the context is, and what weights, KV cache and workspace take.</summary>
/// <remarks>A plan allocates nothing: it can be made of any open file, to see whether a model would fit.</remarks>
internal sealed record MemoryPlan
{
    /// <summary>Most positions unless the options say otherwise: enough for a chat, affordable on a laptop.</summary>
    private const int DefaultContextLength = 8192;

    /// <summary>Most positions of the context.</summary>
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

    /// <summary>Bytes of activations and of what operations take beside them.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Bytes of one block of the KV cache as the device stores it.</summary>
    public required long KvBlockBytes { get; init; }

    /// <summary>What there was to plan with.</summary>
    public required AvailableMemory Available { get; init; }

    /// <summary>Positions of the KV cache, all sequences together.</summary>
    public long KvPositions => (long)Blocks * KvLayout.BlockSize;

    /// <summary>Bytes of the KV cache; the largest number there is, should they be more, so that the plan is refused.</summary>
    public long KvBytes => long.CreateSaturating((Int128)Blocks * KvBlockBytes);

    /// <summary>Bytes of weights, KV cache and workspace together; likewise.</summary>
    public long TotalBytes => long.CreateSaturating((Int128)WeightBytes + KvBytes + WorkspaceBytes);

    /// <summary>Most positions of a sequence: the context, or the whole KV cache where that is smaller.</summary>
    public int SequenceLimit => (int)Math.Min(ContextLength, KvPositions);

    /// <summary>Plans the memory of a model from what is free now.</summary>
    /// <param name="options">How the engine is to be created.</param>
    /// <param name="file">The model.</param>
    /// <param name="blockSize">Positions in one block of the KV cache.</param>
    /// <param name="minLogitRows">Fewest rows with logits in one pass.</param>
    /// <exception cref="ContextLengthExceededException">The options ask for more positions than the model was trained for.</exception>
    /// <param name="device">The memory to plan.</param>
    public static MemoryPlan Create(EngineOptions options, ModelFile file, int blockSize, int minLogitRows, DeviceMemory device)
    {
        LlamaConfiguration sizes = file.Configuration;
        if (options.ContextLength > sizes.ContextLength)
            throw new ContextLengthExceededException(options.ContextLength.Value, sizes.ContextLength);
        int contextLength = options.ContextLength ?? Math.Min(sizes.ContextLength, DefaultContextLength);
        int maxLogitRows = Math.Max(minLogitRows, options.MaxSequences);
        int batch = (int)Math.Min(options.MaxBatchTokens, (long)contextLength * options.MaxSequences);
        TensorType weightType = MainWeightType(file);
        var layout = new KvLayout(
            sizes.LayerCount, sizes.KeyValueHeadCount, sizes.HeadCount, sizes.HeadSize, blockSize, ChooseKvType(options.KvCacheType, weightType));
        long weightBytes = file.Tensors.Sum(tensor => tensor.ByteLength);
        long workspaceBytes = LlamaWorkspace.Bytes(sizes, batch, maxLogitRows, device.Slots)
            + device.ScratchBytes(sizes, layout, batch, options.MaxSequences, maxLogitRows, contextLength);
        AvailableMemory available = device.Available.AtMost(options.MemoryLimitBytes);
        return new MemoryPlan
        {
            ContextLength = contextLength,
            MaxBatchTokens = batch,
            MaxSequences = options.MaxSequences,
            MaxLogitRows = maxLogitRows,
            Blocks = ChooseBlocks(options, device, contextLength, layout, available.Bytes - weightBytes - workspaceBytes),
            KvLayout = layout,
            KvBlockBytes = device.KvBlockBytes(layout),
            WeightType = weightType,
            WeightBytes = weightBytes,
            WorkspaceBytes = workspaceBytes,
            Available = available,
        };
    }

    /// <summary>Refuses a model that does not fit into what this process may use.</summary>
    /// <exception cref="InsufficientDeviceMemoryException">It does not fit.</exception>
    public void ThrowIfInsufficient()
    {
        if (TotalBytes > Available.Bytes)
        {
            string limit = Available.Limit == MemoryLimit.Caller ? "raise EngineOptions.MemoryLimitBytes, " : "";
            throw new InsufficientDeviceMemoryException(
                TotalBytes,
                Available.Bytes,
                $"Weights take {WeightBytes:N0}, the KV cache {KvBytes:N0} for {KvPositions:N0} positions, the workspace {WorkspaceBytes:N0}; "
                + $"the tightest limit is {Available.Limit}: {limit}lower EngineOptions.ContextLength, KvCacheTokens or MaxBatchTokens, "
                + "or choose a smaller model or weight type.");
        }
    }

    /// <summary>
    /// As many blocks as asked for; else those that the options' share of the room pays for, no more than all sequences could
    /// use, and never less than one context.
    /// </summary>
    private static int ChooseBlocks(EngineOptions options, DeviceMemory device, int contextLength, KvLayout layout, long roomBytes)
    {
        if (options.KvCacheTokens is { } tokens)
            return BlocksFor(tokens, layout);
        int context = BlocksFor(contextLength, layout);
        long useful = Math.Min((long)context * options.MaxSequences, BlocksFor(device.KvCacheTokens, layout));
        double share = options.KvCacheMemoryFraction ?? device.KvCacheFraction;
        long affordable = (long)(Math.Max(0, roomBytes) * share) / device.KvBlockBytes(layout);
        return (int)Math.Max(context, Math.Min(useful, affordable));
    }

    private static int BlocksFor(int positions, KvLayout layout) => (positions - 1) / layout.BlockSize + 1;

    /// <summary>The type most weights of a model have.</summary>
    internal static TensorType MainWeightType(ModelFile file) =>
        file.Tensors.GroupBy(tensor => tensor.Type).MaxBy(group => group.Sum(tensor => tensor.ElementCount))!.Key;

    /// <summary>The number format of a KV cache that is asked for, for weights of a type.</summary>
    internal static KvType ChooseKvType(KvCacheType asked, TensorType weightType) => asked switch
    {
        KvCacheType.F32 => KvType.F32,
        KvCacheType.F16 => KvType.F16,
        KvCacheType.BF16 => KvType.BF16,
        KvCacheType.Q8_0 => KvType.Q8_0,
        _ => weightType == TensorType.F32 ? KvType.F32 : KvType.F16,
    };
}
