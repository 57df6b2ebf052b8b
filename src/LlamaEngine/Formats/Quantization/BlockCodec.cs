namespace LlamaEngine.Formats.Quantization;

/// <summary>Converts rows between float32 and the stored types: the scalar definition of every block format.</summary>
/// <remarks>
/// Stateless and thread-safe. The block layouts are those of ggml (documented beside each format). Arithmetic is plain
/// float32 without fused multiply-add, in the order the formats are defined with, so that results are the same on every
/// machine and can be compared bit by bit.
/// </remarks>
internal static unsafe partial class BlockCodec
{
    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">Type of the source.</param>
    /// <param name="source">First block; no alignment needed.</param>
    /// <param name="destination">Room for <paramref name="values"/> floats.</param>
    /// <param name="values">Number of values, a multiple of the block size.</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> does not fill whole blocks.</exception>
    public static void Decode(TensorType type, byte* source, float* destination, long values)
    {
        CheckWholeBlocks(type, values);
        switch (type)
        {
            case TensorType.F32:
                FloatBlocks.DecodeF32(source, destination, values);
                break;
            case TensorType.F16:
                FloatBlocks.DecodeF16(source, destination, values);
                break;
            case TensorType.BF16:
                FloatBlocks.DecodeBF16(source, destination, values);
                break;
            default:
                DecodeBlocks(type, source, destination, values);
                break;
        }
    }

    private static void DecodeBlocks(TensorType type, byte* source, float* destination, long values)
    {
        delegate*<byte*, float*, void> decode = BlockDecoder(type);
        int blockValues = type.ValuesPerBlock(), blockBytes = type.BytesPerBlock();
        for (long i = 0; i < values; i += blockValues, source += blockBytes)
            decode(source, destination + i);
    }

    private static delegate*<byte*, float*, void> BlockDecoder(TensorType type) => type switch
    {
        TensorType.Q4_0 => &FourBitBlocks.DecodeQ4_0,
        TensorType.Q4_1 => &FourBitBlocks.DecodeQ4_1,
        TensorType.Q5_0 => &FiveBitBlocks.DecodeQ5_0,
        TensorType.Q5_1 => &FiveBitBlocks.DecodeQ5_1,
        TensorType.Q8_0 => &EightBitBlocks.DecodeQ8_0,
        TensorType.Q2_K => &Q2KBlocks.Decode,
        TensorType.Q3_K => &Q3KBlocks.Decode,
        TensorType.Q4_K => &Q4KBlocks.Decode,
        TensorType.Q5_K => &Q5KBlocks.Decode,
        TensorType.Q6_K => &Q6KBlocks.Decode,
        TensorType.IQ4_NL => &TableBlocks.DecodeIQ4_NL,
        TensorType.IQ4_XS => &TableBlocks.DecodeIQ4_XS,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a block format."),
    };

    private static void CheckWholeBlocks(TensorType type, long values)
    {
        if (values < 0 || values % type.ValuesPerBlock() != 0)
            throw new ArgumentException($"{values} values do not fill whole {type} blocks of {type.ValuesPerBlock()}.", nameof(values));
    }
}
