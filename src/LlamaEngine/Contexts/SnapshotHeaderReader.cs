using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlamaEngine.Backends;
using LlamaEngine.Formats;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Contexts;

/// <summary>Reads the header of a snapshot, which may say anything: every size is checked before it is used.</summary>
internal sealed class SnapshotHeaderReader
{
    private readonly string _file;
    private readonly byte[] _bytes;

    private SnapshotHeaderReader(string file, byte[] bytes)
    {
        _file = file;
        _bytes = bytes;
    }

    private int TokenCount => Int32(76);

    private int NameBytes => Int32(80);

    private int MessageBytes => Int32(84);

    /// <summary>Checks the first <see cref="SnapshotFormat.FixedBytes"/> bytes and says how many the whole header has.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="bytes">Its first bytes.</param>
    /// <param name="fileBytes">Bytes of the whole file.</param>
    /// <exception cref="SnapshotFormatException">This is no snapshot, or a damaged one.</exception>
    public static int LengthOf(string file, byte[] bytes, long fileBytes)
    {
        var reader = new SnapshotHeaderReader(file, bytes);
        reader.Require(bytes.AsSpan(0, 8).SequenceEqual(SnapshotFormat.Magic), 0, "this is no snapshot of a context.");
        int version = reader.Int32(8);
        reader.Require(version == SnapshotFormat.Version, 8, $"this is version {version} of the format; version {SnapshotFormat.Version} is supported.");
        reader.RequireRange(76, "tokens", 1, SnapshotFormat.MaxTokens);
        reader.RequireRange(80, "bytes of the model's name", 0, SnapshotFormat.MaxNameBytes);
        reader.RequireRange(84, "bytes of messages", 0, SnapshotFormat.MaxMessageBytes);
        int length = SnapshotFormat.FixedBytes + reader.TokenCount * sizeof(int) + reader.NameBytes + reader.MessageBytes + SnapshotFormat.DigestBytes;
        reader.Require(reader.Int32(12) == length, 12, $"the header says it has {reader.Int32(12)} bytes, its parts have {length}.");
        reader.Require(length <= fileBytes, fileBytes, $"the file ends within its header of {length} bytes.");
        return length;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="bytes">As many bytes as <see cref="LengthOf"/> said.</param>
    /// <param name="fileBytes">Bytes of the whole file.</param>
    /// <exception cref="SnapshotFormatException">It is damaged.</exception>
    public static SnapshotHeader Read(string file, byte[] bytes, long fileBytes)
    {
        var reader = new SnapshotHeaderReader(file, bytes);
        reader.CheckDigest();
        SnapshotHeader header = reader.Read();
        long expected = SnapshotSlices.Of(header, bytes).FileBytes;
        reader.Require(fileBytes == expected, Math.Min(fileBytes, expected), $"the file has {fileBytes:N0} bytes; its header asks for {expected:N0}.");
        return header;
    }

    private SnapshotHeader Read()
    {
        KvLayout layout = ReadLayout();
        int flags = Int32(72);
        Require(flags is 0 or 1, 72, $"the flags {flags:x} are not known.");
        ReadOnlySpan<byte> rest = _bytes.AsSpan(SnapshotFormat.FixedBytes + TokenCount * sizeof(int));
        return new SnapshotHeader
        {
            Model = new ModelIdentity(_bytes.AsSpan(16, ModelIdentity.Size)),
            ModelName = Encoding.UTF8.GetString(rest[..NameBytes]),
            Layout = layout,
            QuantizedActivations = flags == 1,
            Tokens = ReadTokens(),
            Messages = ReadMessages(rest.Slice(NameBytes, MessageBytes)),
            BlocksPerSlice = ReadBlocksPerSlice(layout),
        };
    }

    private KvLayout ReadLayout()
    {
        int layers = Dimension(48, "layers"), heads = Dimension(52, "heads"), kvHeads = Dimension(56, "KV heads");
        int headSize = Dimension(60, "values of a head"), blockSize = Dimension(64, "positions of a block");
        KvType? type = SnapshotFormat.TypeOf(Int32(68));
        Require(type is not null, 68, $"the KV type {Int32(68)} is not known.");
        var layout = new KvLayout(layers, kvHeads, heads, headSize, blockSize, type!.Value);
        Require(layout.BlockBytes <= Array.MaxLength - SnapshotFormat.ChecksumBytes, 48, $"a block of {layout.BlockBytes:N0} bytes is too large.");
        Require(Int32(92) == layout.BlockBytes, 92, $"the header says a block has {Int32(92):N0} bytes, but its layout makes {layout.BlockBytes:N0}.");
        return layout;
    }

    private int ReadBlocksPerSlice(KvLayout layout)
    {
        int blocks = Int32(88);
        Require(blocks == 1 || blocks > 1 && blocks * layout.BlockBytes <= SnapshotFormat.MaxSliceBytes, 88, $"slices of {blocks} blocks are not allowed.");
        return blocks;
    }

    private ImmutableArray<int> ReadTokens()
    {
        var tokens = ImmutableArray.CreateBuilder<int>(TokenCount);
        for (int i = 0; i < TokenCount; i++)
        {
            int offset = SnapshotFormat.FixedBytes + i * sizeof(int);
            int token = Int32(offset);
            if (token < 0)
                throw new SnapshotFormatException(_file, offset, $"token {token} is negative.");
            tokens.Add(token);
        }
        return tokens.MoveToImmutable();
    }

    private ImmutableArray<ChatMessage> ReadMessages(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return SnapshotMessages.Read(bytes);
        }
        catch (JsonException exception)
        {
            long offset = SnapshotFormat.FixedBytes + (long)TokenCount * sizeof(int) + NameBytes;
            throw new SnapshotFormatException(_file, offset, $"the messages cannot be read: {Untrusted.Show(exception.Message)}", exception);
        }
    }

    private void CheckDigest()
    {
        ReadOnlySpan<byte> bytes = _bytes;
        Span<byte> digest = stackalloc byte[SnapshotFormat.DigestBytes];
        SHA256.HashData(bytes[..^SnapshotFormat.DigestBytes], digest);
        Require(digest.SequenceEqual(bytes[^SnapshotFormat.DigestBytes..]), null, "the header is damaged: it does not have the digest that it was written with.");
    }

    private int Dimension(int offset, string what)
    {
        RequireRange(offset, what, 1, SnapshotFormat.MaxDimension);
        return Int32(offset);
    }

    private void RequireRange(int offset, string what, int least, int most) =>
        Require(Int32(offset) >= least && Int32(offset) <= most, offset, $"{Int32(offset)} {what} are outside {least} … {most}.");

    private void Require(bool condition, long? offset, string problem)
    {
        if (!condition)
            throw new SnapshotFormatException(_file, offset, problem);
    }

    private int Int32(int offset) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(offset));
}
