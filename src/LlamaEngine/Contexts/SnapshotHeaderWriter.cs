using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LlamaEngine.Backends;

namespace LlamaEngine.Contexts;

/// <summary>Lays a header out as bytes.</summary>
internal static class SnapshotHeaderWriter
{
    /// <summary>The header with its digest at the end.</summary>
    /// <exception cref="ArgumentException">The messages are larger than a snapshot can hold.</exception>
    public static byte[] Write(SnapshotHeader header)
    {
        byte[] name = NameOf(header.ModelName), messages = SnapshotMessages.Write(header.Messages);
        if (messages.Length > SnapshotFormat.MaxMessageBytes)
            throw new ArgumentException($"The messages take {messages.Length:N0} bytes; a snapshot holds {SnapshotFormat.MaxMessageBytes:N0} at most.");
        int tokenBytes = header.Tokens.Length * sizeof(int);
        byte[] bytes = new byte[SnapshotFormat.FixedBytes + tokenBytes + name.Length + messages.Length + SnapshotFormat.DigestBytes];
        WriteFixed(bytes, header, name.Length, messages.Length);
        Span<byte> rest = bytes.AsSpan(SnapshotFormat.FixedBytes);
        Put(rest, header.Tokens.AsSpan());
        name.CopyTo(rest[tokenBytes..]);
        messages.CopyTo(rest[(tokenBytes + name.Length)..]);
        SHA256.HashData(bytes.AsSpan(..^SnapshotFormat.DigestBytes), bytes.AsSpan(^SnapshotFormat.DigestBytes..));
        return bytes;
    }

    private static void WriteFixed(Span<byte> bytes, SnapshotHeader header, int nameBytes, int messageBytes)
    {
        KvLayout layout = header.Layout;
        SnapshotFormat.Magic.CopyTo(bytes);
        header.Model.CopyTo(bytes[16..48]);
        Put(bytes[8..], SnapshotFormat.Version, bytes.Length);
        Put(bytes[48..], layout.Layers, layout.Heads, layout.KeyValueHeads, layout.HeadSize, layout.BlockSize, SnapshotFormat.CodeOf(layout.Type));
        Put(bytes[72..], header.QuantizedActivations ? 1 : 0, header.Tokens.Length, nameBytes, messageBytes, header.BlocksPerSlice);
        Put(bytes[92..], checked((int)layout.BlockBytes));
    }

    private static void Put(Span<byte> destination, params ReadOnlySpan<int> values)
    {
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(destination[(i * sizeof(int))..], values[i]);
    }

    /// <summary>The name as UTF-8, cut at a whole character where it is too long.</summary>
    private static byte[] NameOf(string name)
    {
        byte[] bytes = new byte[SnapshotFormat.MaxNameBytes];
        Encoding.UTF8.GetEncoder().Convert(name, bytes, flush: true, out _, out int used, out _);
        return bytes[..used];
    }
}
