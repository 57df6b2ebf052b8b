namespace LlamaEngine.Formats.Quantization;

/// <summary>What takes a type's place where rows do not fill its blocks.</summary>
internal static class TypeFallback
{
    /// <summary>The type for rows of so many columns: the wanted one, else one with smaller blocks, else F16.</summary>
    /// <remarks>The same choices as llama.cpp's, so that files of both tools can be compared.</remarks>
    public static TensorType ForColumns(TensorType wanted, long columns)
    {
        if (Fits(wanted, columns))
            return wanted;
        TensorType smaller = SmallerBlocks(wanted);
        return Fits(smaller, columns) ? smaller : TensorType.F16;
    }

    private static bool Fits(TensorType type, long columns) => columns % type.ValuesPerBlock() == 0;

    private static TensorType SmallerBlocks(TensorType type) => type switch
    {
        TensorType.Q2_K or TensorType.Q3_K => TensorType.Q4_0,
        TensorType.Q4_K => TensorType.Q5_0,
        TensorType.Q5_K => TensorType.Q5_1,
        TensorType.Q6_K => TensorType.Q8_0,
        TensorType.IQ4_XS => TensorType.IQ4_NL,
        _ => type,
    };
}
