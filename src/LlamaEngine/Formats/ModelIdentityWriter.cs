using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LlamaEngine.Models;

namespace LlamaEngine.Formats;

/// <summary>Lays out what an identity is the digest of, so that no two descriptions give the same bytes.</summary>
/// <remarks>
/// Whole numbers are 8 bytes, little endian; true and false are 1 and 0, whole numbers too; a float32 is its bits as a whole number; a text is the
/// number of its UTF-8 bytes, then these; what may be missing follows a 1, or is a 0. A configuration is all its members in
/// the order of <see cref="Write(LlamaConfiguration)"/>.
/// </remarks>
internal sealed class ModelIdentityWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>The digest of everything written.</summary>
    public ModelIdentity ToIdentity() => new(SHA256.HashData(_bytes.WrittenSpan));

    /// <summary>Bytes as they are; their number must follow from what was written before.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    /// <summary>A whole number.</summary>
    public void Write(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
    }

    /// <summary>A text.</summary>
    public void Write(string text)
    {
        Write(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, _bytes);
    }

    /// <summary>A tensor's name, type and shape.</summary>
    public void Write(TensorInfo tensor)
    {
        Write(tensor.Name);
        Write((int)tensor.Type);
        Write(tensor.Shape.Length);
        foreach (long size in tensor.Shape)
            Write(size);
    }

    /// <summary>Everything a file says about its network besides the weights.</summary>
    public void Write(LlamaConfiguration model)
    {
        Write(model.Architecture);
        Write(model.VocabularySize);
        Write(model.HiddenSize);
        Write(model.IntermediateSize);
        Write(model.LayerCount);
        Write(model.HeadCount);
        Write(model.KeyValueHeadCount);
        Write(model.HeadSize);
        Write(model.RmsNormEpsilon);
        Write(model.ContextLength);
        WriteOptional(model.SlidingWindow);
        Write(model.TiedEmbeddings);
        Write(model.Rope);
    }

    private void Write(RopeConfiguration rope)
    {
        Write(rope.Base);
        Write(rope.Dimension);
        Write((int)rope.Layout);
        Write((int)rope.Scaling);
        Write(rope.Factor);
        Write(rope.OriginalContextLength);
        Write(rope.LowFrequencyFactor);
        Write(rope.HighFrequencyFactor);
        Write(rope.BetaFast);
        Write(rope.BetaSlow);
        WriteOptional(rope.AttentionFactor);
        WriteOptional(rope.Mscale);
        WriteOptional(rope.MscaleAllDimensions);
        Write(rope.Truncate);
        Write(rope.FrequencyDivisors.Length);
        foreach (float divisor in rope.FrequencyDivisors)
            Write(divisor);
    }

    private void Write(float value) => Write((long)BitConverter.SingleToInt32Bits(value));

    private void Write(bool value) => Write(value ? 1L : 0);

    private void WriteOptional(int? value)
    {
        Write(value.HasValue);
        if (value is { } present)
            Write(present);
    }

    private void WriteOptional(float? value)
    {
        Write(value.HasValue);
        if (value is { } present)
            Write(present);
    }
}
