namespace LlamaEngine.Formats;

/// <summary>Block sizes of the tensor types.</summary>
internal static class TensorTypes
{
    /// <summary>Every supported type, in the order of their ids.</summary>
    public static ReadOnlySpan<TensorType> All =>
    [
        TensorType.F32, TensorType.F16, TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1,
        TensorType.Q8_0, TensorType.Q2_K, TensorType.Q3_K, TensorType.Q4_K, TensorType.Q5_K, TensorType.Q6_K,
        TensorType.IQ4_NL, TensorType.IQ4_XS, TensorType.BF16,
    ];

    /// <summary>Values in one block; rows of a tensor hold whole blocks.</summary>
    public static int ValuesPerBlock(this TensorType type) => type switch
    {
        TensorType.F32 or TensorType.F16 or TensorType.BF16 => 1,
        TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q5_0 or TensorType.Q5_1 or TensorType.Q8_0
            or TensorType.IQ4_NL => 32,
        TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K or TensorType.Q5_K or TensorType.Q6_K
            or TensorType.IQ4_XS => 256,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a supported tensor type."),
    };

    /// <summary>Bytes of one block.</summary>
    public static int BytesPerBlock(this TensorType type) => type switch
    {
        TensorType.F32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.Q4_0 or TensorType.IQ4_NL => 18,
        TensorType.Q4_1 => 20,
        TensorType.Q5_0 => 22,
        TensorType.Q5_1 => 24,
        TensorType.Q8_0 => 34,
        TensorType.Q2_K => 84,
        TensorType.Q3_K => 110,
        TensorType.Q4_K => 144,
        TensorType.Q5_K => 176,
        TensorType.Q6_K => 210,
        TensorType.IQ4_XS => 136,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a supported tensor type."),
    };

    /// <summary>True for the types that store integers with a scale per block.</summary>
    public static bool IsQuantized(this TensorType type) => type.ValuesPerBlock() > 1;

    /// <summary>Bytes of <paramref name="values"/> values; they must fill whole blocks.</summary>
    public static long ByteLength(this TensorType type, long values) =>
        checked(values / type.ValuesPerBlock() * type.BytesPerBlock());
}
