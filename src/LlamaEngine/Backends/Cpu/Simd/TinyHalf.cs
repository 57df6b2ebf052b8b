using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>
/// Activations for weights that are read as their value × 2^-112: (x · 2^112) · (w · 2^-112) is the product x · w, exactly, so sums are
/// the same bit for bit.
/// </summary>
internal static unsafe class TinyHalf
{
    // 2^16 × 2^112 is the first power of two that float32 does not have.
    private const float Limit = 65536;

    /// <summary>scaled = x · 2^112; false if a number is too large for it, or none.</summary>
    public static bool TryScale(float* x, int count, float* scaled)
    {
        Vector256<float> limit = Vector256.Create(Limit), factor = Vector256.Create(HalfPrecision.Rebias);
        int i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> value = Vector256.Load(x + i);
            if (!Vector256.LessThanAll(Vector256.Abs(value), limit))
                return false;
            (value * factor).Store(scaled + i);
        }
        for (; i < count; i++)
        {
            if (!(MathF.Abs(x[i]) < Limit))
                return false;
            scaled[i] = x[i] * HalfPrecision.Rebias;
        }
        return true;
    }
}
