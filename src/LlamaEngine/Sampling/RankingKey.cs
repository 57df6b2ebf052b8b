namespace LlamaEngine.Sampling;

/// <summary>
/// A score and its index in one integer that sorts as candidates rank: ascending keys are descending scores, and among
/// equal scores ascending indices. So ties are settled in one place, and sorting compares plain integers.
/// </summary>
internal static class RankingKey
{
    private const uint Sign = 0x80000000;

    /// <summary>Packs a score, which must not be NaN, and its index.</summary>
    public static ulong Of(float score, int index)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f); // + 0 makes −0 a +0: they are equal
        uint ascending = (bits & Sign) == 0 ? bits | Sign : ~bits;
        return ((ulong)~ascending << 32) | (uint)index;
    }

    /// <summary>The index of a key.</summary>
    public static int Index(ulong key) => (int)(uint)key;

    /// <summary>The score of a key.</summary>
    public static float Score(ulong key)
    {
        uint ascending = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & Sign) != 0 ? ascending ^ Sign : ~ascending);
    }
}
