using System.Collections.Frozen;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Type ids of GGUF tensors: those we read, and the names of those we do not.</summary>
internal static class GgmlTypes
{
    // Ids 4 and 5 (Q4_2, Q4_3) and 31 to 33, 36 to 38 were withdrawn by ggml; files that use them still exist.
    private static readonly FrozenDictionary<uint, string> s_unsupported = new Dictionary<uint, string>
    {
        [4] = "Q4_2",
        [5] = "Q4_3",
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [31] = "Q4_0_4_4",
        [32] = "Q4_0_4_8",
        [33] = "Q4_0_8_8",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [36] = "IQ4_NL_4_4",
        [37] = "IQ4_NL_4_8",
        [38] = "IQ4_NL_8_8",
        [39] = "MXFP4",
        [40] = "NVFP4",
    }.ToFrozenDictionary();

    /// <summary>The supported types, for messages.</summary>
    public static string Supported { get; } = string.Join(", ", TensorTypes.All.ToArray());

    /// <summary>Recognizes a type id.</summary>
    /// <exception cref="UnsupportedModelException">It is a type of ggml that is not implemented.</exception>
    /// <exception cref="ModelFormatException">There is no such type.</exception>
    public static TensorType Resolve(uint id, string tensor, string file, long offset)
    {
        var type = (TensorType)id;
        if (TensorTypes.All.Contains(type))
            return type;
        if (s_unsupported.TryGetValue(id, out string? name))
            throw new UnsupportedModelException($"tensor type {name} ({tensor} in {file})", Supported);
        throw new ModelFormatException(file, offset, $"tensor '{tensor}' has type {id}, which GGUF does not define.");
    }
}
