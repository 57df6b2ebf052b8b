using System.Buffers.Binary;
using System.Numerics;
using LlamaEngine.Backends;

namespace LlamaEngine.Contexts;

/// <summary>What writing and reading a snapshot agree on; docs/snapshot-format.md describes it for other programs.</summary>
internal static class SnapshotFormat
{
    /// <summary>The version written, and the only one read.</summary>
    public const int Version = 1;

    /// <summary>Bytes of the header before its parts of variable length.</summary>
    public const int FixedBytes = 96;

    /// <summary>Bytes of the SHA-256 that ends the header.</summary>
    public const int DigestBytes = 32;

    /// <summary>Bytes of the CRC-32C behind every slice.</summary>
    public const int ChecksumBytes = 4;

    /// <summary>Most tokens: as many as the largest KV cache has positions.</summary>
    public const int MaxTokens = 1 << 26;

    /// <summary>Most bytes of the model's name.</summary>
    public const int MaxNameBytes = 1 << 10;

    /// <summary>Most bytes of the messages.</summary>
    public const int MaxMessageBytes = 1 << 26;

    /// <summary>Most of anything that a layout counts: far above all models, and its products cannot overflow.</summary>
    public const int MaxDimension = 1 << 12;

    /// <summary>Bytes a slice has at most, unless one block alone has more.</summary>
    public const int MaxSliceBytes = 1 << 26;

    /// <summary>Bytes a slice is to have: much for the disk, little for the running requests, which wait a millisecond or two for it.</summary>
    public const int SliceBytes = 1 << 22;

    /// <summary>What a snapshot begins with; the line break shows whether somebody transferred it as text.</summary>
    public static ReadOnlySpan<byte> Magic => "LLECTX\r\n"u8;

    /// <summary>The number that stands for a KV type: that of ggml, which does not change.</summary>
    public static int CodeOf(KvType type) => type switch
    {
        KvType.F32 => 0,
        KvType.F16 => 1,
        KvType.Q8_0 => 8,
        KvType.BF16 => 30,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a number format of the KV cache."),
    };

    /// <summary>The KV type a number stands for; null: none.</summary>
    public static KvType? TypeOf(int code) => code switch
    {
        0 => KvType.F32,
        1 => KvType.F16,
        8 => KvType.Q8_0,
        30 => KvType.BF16,
        _ => null,
    };

    /// <summary>CRC-32C of a slice, begun with its place in its own snapshot, so that a slice of another place or snapshot is found out.</summary>
    /// <param name="seed">From <see cref="SnapshotSlices.SeedOf"/>.</param>
    public static uint Checksum(uint seed, ReadOnlySpan<byte> slice)
    {
        uint checksum = seed;
        for (; slice.Length >= sizeof(ulong); slice = slice[sizeof(ulong)..])
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(slice));
        foreach (byte rest in slice)
            checksum = BitOperations.Crc32C(checksum, rest);
        return checksum;
    }
}
