namespace LlamaEngine.Formats.Quantization;

internal static unsafe partial class BlockCodec
{
    /// <summary>The types that <see cref="Encode"/> writes.</summary>
    public static ReadOnlySpan<TensorType> Encodable =>
    [
        TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_1,
        TensorType.Q5_0, TensorType.Q4_K, TensorType.Q6_K,
    ];

    /// <summary>Encodes whole blocks; for the types that <c>quantize</c> writes.</summary>
    /// <param name="type">One of <see cref="Encodable"/>.</param>
    /// <param name="source">The values, all finite.</param>
    /// <param name="destination">Room for the blocks; no alignment needed.</param>
    /// <param name="values">Number of values, a multiple of the block size.</param>
    /// <exception cref="ArgumentException">
    /// The type cannot be written, <paramref name="values"/> does not fill whole blocks, or a value is NaN, infinite or too
    /// large for the type. What was written to the destination is then undefined.
    /// </exception>
    public static void Encode(TensorType type, float* source, byte* destination, long values)
    {
        if (!Encodable.Contains(type))
            throw new ArgumentException($"Cannot write {type}; can write {string.Join(", ", Encodable.ToArray())}.", nameof(type));
        CheckWholeBlocks(type, values);
        CheckFinite(source, values);
        switch (type)
        {
            case TensorType.F32:
                FloatBlocks.EncodeF32(source, destination, values);
                break;
            case TensorType.F16:
                FloatBlocks.EncodeF16(source, destination, values);
                break;
            case TensorType.BF16:
                FloatBlocks.EncodeBF16(source, destination, values);
                break;
            default:
                EncodeBlocks(type, source, destination, values);
                break;
        }
    }

    private static void EncodeBlocks(TensorType type, float* source, byte* destination, long values)
    {
        delegate*<float*, byte*, void> encode = BlockEncoder(type);
        int blockValues = type.ValuesPerBlock(), blockBytes = type.BytesPerBlock();
        for (long i = 0; i < values; i += blockValues, destination += blockBytes)
            encode(source + i, destination);
    }

    private static delegate*<float*, byte*, void> BlockEncoder(TensorType type) => type switch
    {
        TensorType.Q4_0 => &FourBitBlocks.EncodeQ4_0,
        TensorType.Q4_1 => &FourBitBlocks.EncodeQ4_1,
        TensorType.Q5_0 => &FiveBitBlocks.EncodeQ5_0,
        TensorType.Q8_0 => &EightBitBlocks.EncodeQ8_0,
        TensorType.Q4_K => &Q4KBlocks.Encode,
        TensorType.Q6_K => &Q6KBlocks.Encode,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a block format that can be written."),
    };

    private static void CheckFinite(float* source, long values)
    {
        for (long i = 0; i < values; i++)
        {
            if (!float.IsFinite(source[i]))
                throw new ArgumentException($"Value {i} is {source[i]}; only finite values can be encoded.", nameof(source));
        }
    }
}
