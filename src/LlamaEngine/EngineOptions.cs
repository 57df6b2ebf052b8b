using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace LlamaEngine;

/// <summary>Which device computes.</summary>
public enum DeviceKind
{
    /// <summary>The best there is; the log says which and why.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>A CUDA GPU; an error if there is none.</summary>
    Cuda,
}

/// <summary>Number format of the KV cache: keys and values are rounded to it once, when they are stored.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "These are the names the formats have everywhere.")]
public enum KvCacheType
{
    /// <summary>float32 for float32 models, half precision for all others.</summary>
    Auto,

    /// <summary>float32.</summary>
    F32,

    /// <summary>Half precision.</summary>
    F16,

    /// <summary>bfloat16: the memory of half precision, the range of float32, three bits less of precision.</summary>
    BF16,

    /// <summary>
    /// Signed bytes with a half-precision scale for every 32: 53 % of the memory of half precision, every number within 0.4 % of the
    /// largest among its 32. A head size that 32 does not divide has a shorter last group.
    /// </summary>
    Q8_0,
}

/// <summary>How an engine is created.</summary>
public sealed record EngineOptions
{
    private const int MaxThreads = 1024, MaxAtOnce = 1024, MaxBatch = 65_536, MaxKvCacheTokens = 1 << 26;

    /// <summary>
    /// A GGUF file (the first part of a split one) or a Hugging Face folder. Null: the file that the environment variable
    /// LLAMAENGINE_MODEL names, else the demo model of the package LlamaEngine.Lexicon.
    /// </summary>
    public string? ModelPath { get; init; }

    /// <summary>The device that computes.</summary>
    public DeviceKind Device { get; init; }

    /// <summary>
    /// Which CUDA device, at least 0, counted among those that CUDA_VISIBLE_DEVICES leaves visible; null: the first, or where SLURM
    /// runs several tasks on the node, one for each. Not with <see cref="DeviceKind.Cpu"/>.
    /// </summary>
    public int? DeviceOrdinal { get; init; }

    /// <summary>CPU threads, 1 … 1,024; null: as many as this process may use (affinity mask, cgroup quota and what SLURM granted).</summary>
    public int? Threads { get; init; }

    /// <summary>Most positions of a sequence; null: what the model was trained for, at most 8,192.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Number format of the KV cache.</summary>
    public KvCacheType KvCacheType { get; init; }

    /// <summary>
    /// Positions the KV cache holds, all sequences together, 1 … 67,108,864, rounded up to whole blocks of 16; fewer than one
    /// context bound the longest sequence. Null: sized from the memory that is free, see <see cref="KvCacheMemoryFraction"/>.
    /// </summary>
    public int? KvCacheTokens { get; init; }

    /// <summary>
    /// The share of the memory left beside weights and workspace that the KV cache may take, above 0 up to 1; null: half of the
    /// machine's, whose rest is the host program's, nine tenths of a GPU's. Looked at if <see cref="KvCacheTokens"/> is null.
    /// </summary>
    /// <remarks>
    /// The cache holds at least one context, though, and at most <see cref="MaxSequences"/> contexts; on the CPU at most 131,072
    /// positions, too (or one context, if that is more): 128 sequences of 1,024 positions. A small model embedded in a program
    /// would fill whatever there is with prompts of the past otherwise; whoever wants more says how many. The machine's memory is
    /// mapped at once and taken when it is first used, a GPU's is taken at once.
    /// </remarks>
    public double? KvCacheMemoryFraction { get; init; }

    /// <summary>
    /// Most bytes that weights, KV cache and workspace may take together, at least 1; null, or more than is free: what is free
    /// (machine, control groups and SLURM job considered).
    /// </summary>
    /// <remarks>
    /// Memory that another engine of the process has planned but not used yet looks free. Several engines under one budget need a
    /// limit each.
    /// </remarks>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Most sequences computed at once, 1 … 1,024; further ones wait.</summary>
    public int MaxSequences { get; init; } = 128;

    /// <summary>
    /// Requests taken beyond the <see cref="MaxSequences"/> that may run; further ones are refused with
    /// <see cref="QueueFullException"/>. At least 0; null: no limit.
    /// </summary>
    public int? MaxQueuedRequests { get; init; }

    /// <summary>Most tokens computed in one step of the prefill, 1 … 65,536; a prompt longer than this is computed in chunks.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>
    /// Round activations before they meet quantized weights (the default): to 8 bits for 4-bit weights, as llama.cpp does, to 16
    /// bits for all others, on a GPU to 16 bits where many rows meet on its tensor cores. False: keep them in float32, which is
    /// several times slower.
    /// </summary>
    public bool QuantizedActivations { get; init; } = true;

    /// <summary>
    /// A request's tokens must not depend on what else is computed beside it, bit for bit. The CPU always computes so; on a GPU it
    /// costs speed, since products then never take the kernels that suit their number of rows best.
    /// </summary>
    public bool BatchInvariant { get; init; }

    /// <summary>Makes the meter "LlamaEngine" (a host's own, say); null: the engine makes one. Activities come from the source of that name.</summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Where log messages go; null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Refuses options out of their range.</summary>
    internal void Validate()
    {
        if (Threads is { } threads)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(Threads));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads, nameof(Threads));
        }
        if (ContextLength is { } contextLength)
            ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1, nameof(ContextLength));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchTokens, 1, nameof(MaxBatchTokens));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxBatchTokens, MaxBatch, nameof(MaxBatchTokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSequences, 1, nameof(MaxSequences));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxSequences, MaxAtOnce, nameof(MaxSequences));
        if (MaxQueuedRequests is { } queued)
            ArgumentOutOfRangeException.ThrowIfNegative(queued, nameof(MaxQueuedRequests));
        ValidateMemory();
        if (!Enum.IsDefined(Device))
            throw new ArgumentOutOfRangeException(nameof(Device), Device, "Not a device.");
        if (DeviceOrdinal is { } ordinal)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(ordinal, nameof(DeviceOrdinal));
            if (Device == DeviceKind.Cpu)
                throw new ArgumentOutOfRangeException(nameof(DeviceOrdinal), ordinal, "The CPU has no ordinal.");
        }
        if (!Enum.IsDefined(KvCacheType))
            throw new ArgumentOutOfRangeException(nameof(KvCacheType), KvCacheType, "Not a KV cache type.");
    }

    private void ValidateMemory()
    {
        if (KvCacheTokens is { } tokens)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1, nameof(KvCacheTokens));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, MaxKvCacheTokens, nameof(KvCacheTokens));
        }
        // Written so that NaN is refused.
        if (KvCacheMemoryFraction is not (null or (> 0 and <= 1)))
            throw new ArgumentOutOfRangeException(nameof(KvCacheMemoryFraction), KvCacheMemoryFraction, "Must be above 0, at most 1.");
        if (MemoryLimitBytes is { } bytes)
            ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1, nameof(MemoryLimitBytes));
    }
}

/// <summary>How far a load has come.</summary>
/// <param name="Stage">What is being done, for people.</param>
/// <param name="CompletedBytes">Bytes of weights prepared.</param>
/// <param name="TotalBytes">Bytes of weights to prepare.</param>
public readonly record struct LoadProgress(string Stage, long CompletedBytes, long TotalBytes);
