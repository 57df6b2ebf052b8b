namespace LlamaEngine.Sampling;

/// <summary>
/// The random numbers of a seed: number n is a function of the seed and n alone, the same on every platform and in
/// every version, so that a sequence can be resumed anywhere without a generator's state.
/// </summary>
/// <remarks>
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), which is counter
/// based by nature: number n is Mix(Mix(seed) + (n + 1) · γ), its upper 53 bits taken as a fraction. The seed is mixed first
/// so that neighbouring seeds start far apart. Never change this: recorded seeds would give other tokens.
/// </remarks>
internal readonly struct RandomStream(ulong seed)
{
    // 2⁶⁴ ÷ golden ratio, odd: its multiples visit every 64-bit value.
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private readonly ulong _origin = Mix(seed);

    /// <summary>Number <paramref name="index"/>, uniform in [0, 1): a multiple of 2⁻⁵³.</summary>
    public double this[int index] => (Mix(_origin + ((ulong)index + 1) * Gamma) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
