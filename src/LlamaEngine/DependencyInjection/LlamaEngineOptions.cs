using LlamaEngine.Clients;

namespace LlamaEngine.DependencyInjection;

/// <summary>What a host program sets for an engine of its container: <see cref="EngineOptions"/> as the options pattern wants them.</summary>
/// <remarks>Checked when the host starts. Logger and meter factories are the container's.</remarks>
public sealed class LlamaEngineOptions
{
    private static readonly EngineOptions s_defaults = new();

    /// <summary>Load the model when the host starts, which then waits for it (the default); else the first use loads it.</summary>
    public bool LoadAtStart { get; set; } = true;

    /// <summary>
    /// A text to compute when the host starts, with one token behind it, so that the first request finds everything warm; null:
    /// none. Needs <see cref="LoadAtStart"/>.
    /// </summary>
    public string? WarmUpPrompt { get; set; }

    /// <summary>How many conversations the container's chat client keeps.</summary>
    public ConversationOptions Conversations { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = new();

    /// <summary>How the container's embedding generator embeds where a call does not say.</summary>
    public EmbeddingOptions Embeddings { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = new();

    /// <inheritdoc cref="EngineOptions.ModelPath"/>
    public string? ModelPath { get; set; }

    /// <inheritdoc cref="EngineOptions.Device"/>
    public DeviceKind Device { get; set; }

    /// <inheritdoc cref="EngineOptions.DeviceOrdinal"/>
    public int? DeviceOrdinal { get; set; }

    /// <inheritdoc cref="EngineOptions.Threads"/>
    public int? Threads { get; set; }

    /// <inheritdoc cref="EngineOptions.ContextLength"/>
    public int? ContextLength { get; set; }

    /// <inheritdoc cref="EngineOptions.KvCacheType"/>
    public KvCacheType KvCacheType { get; set; }

    /// <inheritdoc cref="EngineOptions.KvCacheTokens"/>
    public int? KvCacheTokens { get; set; }

    /// <inheritdoc cref="EngineOptions.KvCacheMemoryFraction"/>
    public double? KvCacheMemoryFraction { get; set; } = s_defaults.KvCacheMemoryFraction;

    /// <inheritdoc cref="EngineOptions.MemoryLimitBytes"/>
    public long? MemoryLimitBytes { get; set; }

    /// <inheritdoc cref="EngineOptions.MaxSequences"/>
    public int MaxSequences { get; set; } = s_defaults.MaxSequences;

    /// <inheritdoc cref="EngineOptions.MaxQueuedRequests"/>
    public int? MaxQueuedRequests { get; set; }

    /// <inheritdoc cref="EngineOptions.MaxBatchTokens"/>
    public int MaxBatchTokens { get; set; } = s_defaults.MaxBatchTokens;

    /// <inheritdoc cref="EngineOptions.BatchInvariant"/>
    public bool BatchInvariant { get; set; } = s_defaults.BatchInvariant;

    /// <inheritdoc cref="EngineOptions.QuantizedActivations"/>
    public bool QuantizedActivations { get; set; } = s_defaults.QuantizedActivations;

    /// <summary>The options to create the engine with.</summary>
    internal EngineOptions ToEngineOptions() => new()
    {
        ModelPath = ModelPath,
        Device = Device,
        DeviceOrdinal = DeviceOrdinal,
        Threads = Threads,
        ContextLength = ContextLength,
        KvCacheType = KvCacheType,
        KvCacheTokens = KvCacheTokens,
        KvCacheMemoryFraction = KvCacheMemoryFraction,
        MemoryLimitBytes = MemoryLimitBytes,
        MaxSequences = MaxSequences,
        MaxQueuedRequests = MaxQueuedRequests,
        MaxBatchTokens = MaxBatchTokens,
        BatchInvariant = BatchInvariant,
        QuantizedActivations = QuantizedActivations,
    };
}
