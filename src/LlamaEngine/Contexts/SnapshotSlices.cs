using System.Buffers.Binary;

namespace LlamaEngine.Contexts;

/// <summary>Where the blocks of a snapshot stand: in slices of several blocks, each with its checksum behind it.</summary>
/// <param name="Blocks">Blocks in all.</param>
/// <param name="BlocksPerSlice">Blocks of a slice; the last one may have fewer.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Start">Where the first one begins, in bytes from the start of the file.</param>
/// <param name="Seed">The first four bytes of the header's digest.</param>
internal readonly record struct SnapshotSlices(int Blocks, int BlocksPerSlice, int BlockBytes, int Start, uint Seed)
{
    /// <summary>Slices there are.</summary>
    public int Count => (Blocks + BlocksPerSlice - 1) / BlocksPerSlice;

    /// <summary>Bytes of the whole file.</summary>
    public long FileBytes => Start + (long)Blocks * BlockBytes + (long)Count * SnapshotFormat.ChecksumBytes;

    /// <summary>Bytes that the largest slice takes with its checksum.</summary>
    public int BufferBytes => Math.Min(Blocks, BlocksPerSlice) * BlockBytes + SnapshotFormat.ChecksumBytes;

    /// <summary>The slices of a file whose header is given as bytes.</summary>
    public static SnapshotSlices Of(SnapshotHeader header, ReadOnlySpan<byte> bytes) => new(
        header.Blocks,
        header.BlocksPerSlice,
        checked((int)header.Layout.BlockBytes),
        bytes.Length,
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[^SnapshotFormat.DigestBytes..]));

    /// <summary>The first block of a slice.</summary>
    public int FirstBlock(int slice) => slice * BlocksPerSlice;

    /// <summary>How many blocks it has.</summary>
    public int BlocksIn(int slice) => Math.Min(BlocksPerSlice, Blocks - FirstBlock(slice));

    /// <summary>Where it begins.</summary>
    public long OffsetOf(int slice) => Start + slice * ((long)BlocksPerSlice * BlockBytes + SnapshotFormat.ChecksumBytes);

    /// <summary>Bytes of its blocks, without the checksum.</summary>
    public int BytesOf(int slice) => BlocksIn(slice) * BlockBytes;

    /// <summary>What its checksum begins with.</summary>
    public uint SeedOf(int slice) => unchecked(Seed + (uint)slice);
}
