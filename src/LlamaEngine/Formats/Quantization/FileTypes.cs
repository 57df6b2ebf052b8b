namespace LlamaEngine.Formats.Quantization;

/// <summary>The numbers by which <c>general.file_type</c> of a GGUF file names the type of most weights.</summary>
internal static class FileTypes
{
    /// <summary>The metadata key.</summary>
    public const string Key = "general.file_type";

    /// <summary>The number of a type (llama.cpp's llama_ftype; the small variant where there are several).</summary>
    public static uint NumberOf(TensorType type) => type switch
    {
        TensorType.F32 => 0,
        TensorType.F16 => 1,
        TensorType.Q4_0 => 2,
        TensorType.Q4_1 => 3,
        TensorType.Q8_0 => 7,
        TensorType.Q5_0 => 8,
        TensorType.Q5_1 => 9,
        TensorType.Q2_K => 21,
        TensorType.Q3_K => 11,
        TensorType.Q4_K => 14,
        TensorType.Q5_K => 16,
        TensorType.Q6_K => 18,
        TensorType.IQ4_NL => 25,
        TensorType.IQ4_XS => 30,
        TensorType.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a supported tensor type."),
    };
}
