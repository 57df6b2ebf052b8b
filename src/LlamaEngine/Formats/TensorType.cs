using System.Diagnostics.CodeAnalysis;

namespace LlamaEngine;

/// <summary>How the values of a tensor are stored. The numbers are those of GGUF files (ggml's type ids).</summary>
[SuppressMessage("Naming", "CA1707", Justification = "These are the names the formats have everywhere.")]
public enum TensorType
{
    /// <summary>IEEE 754 single precision.</summary>
    F32 = 0,
    /// <summary>IEEE 754 half precision.</summary>
    F16 = 1,
    /// <summary>Blocks of 32: half scale, 4-bit values minus 8.</summary>
    Q4_0 = 2,
    /// <summary>Blocks of 32: half scale and minimum, 4-bit values.</summary>
    Q4_1 = 3,
    /// <summary>Blocks of 32: half scale, 5-bit values minus 16.</summary>
    Q5_0 = 6,
    /// <summary>Blocks of 32: half scale and minimum, 5-bit values.</summary>
    Q5_1 = 7,
    /// <summary>Blocks of 32: half scale, 8-bit signed values.</summary>
    Q8_0 = 8,
    /// <summary>Super-blocks of 256 in 16 sub-blocks: 2-bit values, 4-bit scales and minima.</summary>
    Q2_K = 10,
    /// <summary>Super-blocks of 256 in 16 sub-blocks: 3-bit values, 6-bit scales.</summary>
    Q3_K = 11,
    /// <summary>Super-blocks of 256 in 8 sub-blocks: 4-bit values, 6-bit scales and minima.</summary>
    Q4_K = 12,
    /// <summary>Super-blocks of 256 in 8 sub-blocks: 5-bit values, 6-bit scales and minima.</summary>
    Q5_K = 13,
    /// <summary>Super-blocks of 256 in 16 sub-blocks: 6-bit values, 8-bit scales.</summary>
    Q6_K = 14,
    /// <summary>Blocks of 32: half scale, 4-bit indices into a fixed table.</summary>
    IQ4_NL = 20,
    /// <summary>Super-blocks of 256 in 8 sub-blocks: 4-bit indices into a fixed table, 6-bit scales.</summary>
    IQ4_XS = 23,
    /// <summary>bfloat16: the upper half of a single-precision number.</summary>
    BF16 = 30,
}
