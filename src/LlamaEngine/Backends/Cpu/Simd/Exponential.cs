using System.Runtime.CompilerServices;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>e to the power x, equal bit for bit on every instruction set, within 2 units in the last place.</summary>
/// <remarks>
/// x = n ln 2 + r with |r| ≤ ln 2 / 2; e^r by its series to the 7th power (the rest is below 6e-9), then times 2^n.
/// e^0 is exactly 1. Results below 2^-126 are exactly 0; arguments above 88.37 give 2.4e38.
/// </remarks>
internal static class Exponential<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const float Smallest = -88f, Greatest = 88.37f;
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts; the first has trailing zeros, so that n times it is exact.
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    // Adding 1.5 × 2^23 leaves no bits behind the point: it rounds to the nearest whole number.
    private const float Rounder = 12582912f;

    /// <summary>e^x in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of(TLanes x)
    {
        x = TLanes.Min(TLanes.Max(x, TLanes.Broadcast(Smallest)), TLanes.Broadcast(Greatest));
        TLanes n = TLanes.MultiplyAdd(x, TLanes.Broadcast(Log2E), TLanes.Broadcast(Rounder)) - TLanes.Broadcast(Rounder);
        TLanes r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2Low), r);
        TLanes p = TLanes.Broadcast(1f / 5040);
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 720));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 120));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 24));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f / 6));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(0.5f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1f));
        return p * TLanes.PowerOfTwo(n);
    }
}
