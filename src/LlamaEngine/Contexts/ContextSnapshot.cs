using System.Collections.Immutable;
using LlamaEngine.Backends;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Contexts;

/// <summary>What a snapshot of a context says about itself; <see cref="ReadInfoAsync"/> reads it without an engine.</summary>
public sealed record ContextSnapshot
{
    /// <summary>Version of the file format.</summary>
    public required int Version { get; init; }

    /// <summary>The name of the model that computed it.</summary>
    public required string ModelName { get; init; }

    /// <summary>The model itself, whatever it is called: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public required string ModelIdentity { get; init; }

    /// <summary>Number format of the keys and values.</summary>
    public required KvCacheType KvCacheType { get; init; }

    /// <summary>Whether activations were rounded: <see cref="EngineOptions.QuantizedActivations"/>.</summary>
    public required bool QuantizedActivations { get; init; }

    /// <summary>The tokens, from position 0.</summary>
    public required ImmutableArray<int> Tokens { get; init; }

    /// <summary>The messages that the tokens stand for; empty where they are not a chat.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>Blocks of keys and values in the file: those that the tokens fill.</summary>
    public required int Blocks { get; init; }

    /// <summary>Positions of one block.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Bytes of one block over all layers.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>Bytes of the whole file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Reads what a snapshot says about itself, and checks that much; whether its blocks are sound shows when it is restored.</summary>
    /// <exception cref="SnapshotFormatException">The file is damaged, or no snapshot.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read.</exception>
    public static async Task<ContextSnapshot> ReadInfoAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using SnapshotFileReader file = await SnapshotFileReader.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        SnapshotHeader header = file.Header;
        return new ContextSnapshot
        {
            Version = SnapshotFormat.Version,
            ModelName = header.ModelName,
            ModelIdentity = header.Model.ToString(),
            KvCacheType = PublicTypeOf(header.Layout.Type),
            QuantizedActivations = header.QuantizedActivations,
            Tokens = header.Tokens,
            Messages = header.Messages,
            Blocks = header.Blocks,
            BlockSize = header.Layout.BlockSize,
            BlockBytes = header.Layout.BlockBytes,
            Bytes = file.Slices.FileBytes,
        };
    }

    private static KvCacheType PublicTypeOf(KvType type) => type switch
    {
        KvType.F32 => KvCacheType.F32,
        KvType.F16 => KvCacheType.F16,
        KvType.BF16 => KvCacheType.BF16,
        KvType.Q8_0 => KvCacheType.Q8_0,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a number format of the KV cache."),
    };
}
