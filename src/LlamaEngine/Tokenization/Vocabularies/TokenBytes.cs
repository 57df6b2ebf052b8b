using System.Buffers;

namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>The bytes that each token contributes to text, in one array.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class TokenBytes
{
    private readonly byte[] _bytes;
    private readonly int[] _ends;

    /// <summary>Collects the bytes of ids 0 … <paramref name="count"/> − 1.</summary>
    public TokenBytes(int count, Func<int, byte[]> bytesOf)
    {
        var writer = new ArrayBufferWriter<byte>(count * 8 + 16);
        _ends = new int[count];
        for (int id = 0; id < count; id++)
        {
            writer.Write(bytesOf(id));
            _ends[id] = writer.WrittenCount;
        }
        _bytes = writer.WrittenSpan.ToArray();
    }

    /// <summary>The bytes of a token.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            if ((uint)id >= (uint)_ends.Length)
                throw new ArgumentOutOfRangeException(nameof(id), id, $"Token ids are 0 … {_ends.Length - 1}.");
            int start = id == 0 ? 0 : _ends[id - 1];
            return _bytes.AsSpan(start, _ends[id] - start);
        }
    }
}
