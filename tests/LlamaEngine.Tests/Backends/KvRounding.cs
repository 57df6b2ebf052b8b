using LlamaEngine.Backends;

namespace LlamaEngine.Tests.Backends;

/// <summary>What the cache's number formats make of a head, value by value.</summary>
internal static class KvRounding
{
    public static double[] Round(KvType type, ReadOnlySpan<float> head)
    {
        double[] result = new double[head.Length];
        for (int i = 0; i < head.Length; i++)
        {
            result[i] = type switch
            {
                KvType.F32 => head[i],
                KvType.F16 => (double)(Half)head[i],
                KvType.BF16 => NearestBFloat16(head[i]),
                _ => 0,
            };
        }
        if (type == KvType.Q8_0)
        {
            for (int i = 0; i < head.Length; i += 32)
                RoundGroup(head[i..Math.Min(i + 32, head.Length)], result.AsSpan(i));
        }
        return result;
    }

    /// <summary>The nearer of the two neighbours; in the middle the one whose last bit is 0.</summary>
    private static double NearestBFloat16(float value)
    {
        uint towardsZero = BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000;
        double lower = BitConverter.UInt32BitsToSingle(towardsZero), upper = BitConverter.UInt32BitsToSingle(towardsZero + 0x10000);
        double toLower = Math.Abs(value - lower), toUpper = Math.Abs(upper - value);
        return toLower < toUpper || (toLower == toUpper && (towardsZero & 0x10000) == 0) ? lower : upper;
    }

    private static void RoundGroup(ReadOnlySpan<float> group, Span<double> result)
    {
        float largest = 0;
        foreach (float value in group)
            largest = Math.Max(largest, Math.Abs(value));
        float scale = largest / 127, inverse = 1 / scale;
        for (int i = 0; i < group.Length; i++)
            result[i] = largest == 0 ? 0 : Math.Round(group[i] * inverse) * (double)(Half)scale;
    }
}
