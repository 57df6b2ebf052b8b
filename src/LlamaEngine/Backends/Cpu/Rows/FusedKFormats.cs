using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>Q4_K: see <see cref="PackedQ4_K"/>.</summary>
internal readonly unsafe struct FusedQ4_K : IFusedFormat
{
    private const int Halves = 2, Scales = 3, WordsPerPair = 8, PairBytes = WordsPerPair * Fused.WordBytes;

    // Two lines for four words of codes.
    private const int PairAhead = WordsPerPair / 4 * 2 * Prefetch.LineBytes;

    public static int UnitBytes => PackedQ4_K.UnitBytes;

    public static int ActivationBytes => 8 * StepBytes;

    private static int StepBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Step<NarrowWithMinimum>.ActivationBytes(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(byte* unit, int row, byte* activations, Vector256<float> sum)
    {
        byte* words = Fused.Words(unit, Halves, row), codes = words + Scales * Fused.WordBytes;
        // Half of the next lines are asked for here, half with the other rows, and while there is something to compute.
        byte* ahead = Prefetch.Ahead(unit) + UnitBytes / PackedLayout.Rows * row;
        Prefetch.Two(ahead);
        ahead += 2 * Prefetch.LineBytes;
        Vector256<float> scale = Fused.Half(unit, 0, row), minimum = -Fused.Half(unit, 1, row);
        // Four 6-bit scales, or minima, a word, as bytes: of sub-blocks 0 to 3 the low six bits, of 4 to 7 two from there and four of the last word.
        Vector256<int> scales = Vector256.Load((int*)words), minima = Vector256.Load((int*)(words + Fused.WordBytes));
        Vector256<int> rest = Vector256.Load((int*)(words + 2 * Fused.WordBytes));
        Vector256<int> six = Vector256.Create(0x3F3F3F3F), four = Vector256.Create(0x0F0F0F0F), two = Vector256.Create(0x30303030);
        Vector256<int> lowScales = scales & six, lowMinima = minima & six;
        sum = MultiplyPair(codes, ahead, activations, scale, lowScales, minimum, lowMinima, sum);
        sum = MultiplyPair(codes + PairBytes, ahead + PairAhead, activations + 2 * StepBytes, scale, lowScales >>> 16, minimum, lowMinima >>> 16, sum);
        Vector256<int> highScales = (rest & four) | (scales >>> 2 & two), highMinima = (rest >>> 4 & four) | (minima >>> 2 & two);
        sum = MultiplyPair(codes + 2 * PairBytes, ahead + 2 * PairAhead, activations + 4 * StepBytes, scale, highScales, minimum, highMinima, sum);
        return MultiplyPair(
            codes + 3 * PairBytes, ahead + 3 * PairAhead, activations + 6 * StepBytes, scale, highScales >>> 16, minimum, highMinima >>> 16, sum);
    }

    /// <summary>Two steps, in the low and in the high halves of the bytes; their scales and minima are the lowest two bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> MultiplyPair(byte* words, byte* ahead, byte* steps,
        Vector256<float> scale, Vector256<int> scales, Vector256<float> minimum, Vector256<int> minima, Vector256<float> sum)
    {
        Vector256<short> even = Vector256<short>.Zero, odd = Vector256<short>.Zero;
        for (int word = 0; word < WordsPerPair; word += 4)
        {
            Prefetch.Two(ahead);
            Vector256<byte> first = Vector256.Load(words), second = Vector256.Load(words + Fused.WordBytes);
            Vector256<byte> third = Vector256.Load(words + 2 * Fused.WordBytes), fourth = Vector256.Load(words + 3 * Fused.WordBytes);
            even += Fused.MultiplyBytes(first & Fused.LowNibbles, steps) + Fused.MultiplyBytes(second & Fused.LowNibbles, steps + 4)
                + Fused.MultiplyBytes(third & Fused.LowNibbles, steps + 8) + Fused.MultiplyBytes(fourth & Fused.LowNibbles, steps + 12);
            byte* next = steps + StepBytes;
            odd += Fused.MultiplyBytes(Fused.HighNibbles(first), next) + Fused.MultiplyBytes(Fused.HighNibbles(second), next + 4)
                + Fused.MultiplyBytes(Fused.HighNibbles(third), next + 8) + Fused.MultiplyBytes(Fused.HighNibbles(fourth), next + 12);
            ahead += 2 * Prefetch.LineBytes;
            words += 4 * Fused.WordBytes;
            steps += 16;
        }
        Vector256<int> lowest = Vector256.Create(0xFF);
        // Behind the last word of each step stand its scale and its correction.
        sum = Add(even, scale, scales & lowest, minimum, minima & lowest, steps, sum);
        return Add(odd, scale, scales >>> 8 & lowest, minimum, minima >>> 8 & lowest, steps + StepBytes, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<short> products, Vector256<float> scale, Vector256<int> smallScale,
        Vector256<float> minimum, Vector256<int> smallMinimum, byte* factor, Vector256<float> sum)
    {
        sum = Fused.Add(Fused.Pairs(products), scale * Vector256.ConvertToSingle(smallScale), factor, sum);
        return Vector256.FusedMultiplyAdd(minimum * Vector256.ConvertToSingle(smallMinimum), Fused.BroadcastFloat(factor + 4), sum);
    }
}

/// <summary>Q6_K: see <see cref="PackedQ6_K"/>.</summary>
internal readonly unsafe struct FusedQ6_K : IFusedFormat
{
    private const int Halves = 1, High = 32, Scales = 48, StepsPerHalf = 8;

    // What two lines for each word of codes come to: the next unit and a little more.
    private const int AheadBytes = 32 * 2 * Prefetch.LineBytes;

    public static int UnitBytes => PackedQ6_K.UnitBytes;

    public static int ActivationBytes => 2 * StepsPerHalf * StepBytes;

    private static int StepBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Step<ShortWide>.ActivationBytes(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(byte* unit, int row, byte* activations, Vector256<float> sum)
    {
        byte* words = Fused.Words(unit, Halves, row);
        Vector256<float> scale = Fused.Half(unit, 0, row);
        byte* ahead = Prefetch.Ahead(unit) + AheadBytes / PackedLayout.Rows * row;
        for (int half = 0; half < 2; half++)
        {
            byte* low = words + 16 * half * Fused.WordBytes, high = words + (High + 8 * half) * Fused.WordBytes;
            byte* scales = words + (Scales + 2 * half) * Fused.WordBytes;
            // Steps are added in ascending order: 0, 2, 4 and 6, which stand together, wait for 1, 3, 5 and 7.
            Four even = MultiplyFour(low, high, ahead, activations);
            Four odd = MultiplyFour(low + 4 * Fused.WordBytes, high + 4 * Fused.WordBytes, ahead + AheadBytes / 8, activations + StepBytes);
            ahead += AheadBytes / 4;
            Vector256<int> four = Vector256.Load((int*)scales);
            sum = Add(even.A, scale, four << 24, activations, sum);
            sum = Add(odd.A, scale, four << 16, activations + StepBytes, sum);
            sum = Add(even.B, scale, four << 8, activations + 2 * StepBytes, sum);
            sum = Add(odd.B, scale, four, activations + 3 * StepBytes, sum);
            four = Vector256.Load((int*)(scales + Fused.WordBytes));
            sum = Add(even.C, scale, four << 24, activations + 4 * StepBytes, sum);
            sum = Add(odd.C, scale, four << 16, activations + 5 * StepBytes, sum);
            sum = Add(even.D, scale, four << 8, activations + 6 * StepBytes, sum);
            sum = Add(odd.D, scale, four, activations + 7 * StepBytes, sum);
            activations += StepsPerHalf * StepBytes;
        }
        return sum;
    }

    /// <summary>Sixteen values each of four groups of 32: what four words of low bits, four eight words on, and four of high bits hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four MultiplyFour(byte* low, byte* high, byte* ahead, byte* activations)
    {
        Vector256<byte> nibbles = Fused.LowNibbles, tops = Vector256.Create((byte)0x30);
        Vector256<int> a = Vector256<int>.Zero, b = a, c = a, d = a;
        for (int word = 0; word < 4; word++)
        {
            Prefetch.Two(ahead);
            ahead += 2 * Prefetch.LineBytes;
            Vector256<byte> first = Vector256.Load(low), second = Vector256.Load(low + 8 * Fused.WordBytes);
            Vector256<ushort> bits = Vector256.Load((ushort*)high);
            a += MultiplyWord((first & nibbles) | ((bits << 4).AsByte() & tops), activations);
            b += MultiplyWord((second & nibbles) | ((bits << 2).AsByte() & tops), activations + 2 * StepBytes);
            c += MultiplyWord(Fused.HighNibbles(first) | (bits.AsByte() & tops), activations + 4 * StepBytes);
            d += MultiplyWord(Fused.HighNibbles(second) | ((bits >>> 2).AsByte() & tops), activations + 6 * StepBytes);
            low += Fused.WordBytes;
            high += Fused.WordBytes;
            activations += 8;
        }
        return new Four(a, b, c, d);
    }

    /// <summary>Four codes a row, below 64: bytes 0 and 2, then 1 and 3, as 16-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyWord(Vector256<byte> codes, byte* activations) =>
        Fused.MultiplyWords(codes.AsInt16() & Vector256.Create((short)0xFF), activations)
        + Fused.MultiplyWords(codes.AsInt16() >>> 8, activations + 4);

    /// <summary>Adds a step, whose codes are 32 too large and whose scale is the top byte of <paramref name="small"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<int> integers, Vector256<float> scale, Vector256<int> small, byte* activations, Vector256<float> sum)
    {
        byte* factor = activations + 4 * ShortWide.Groups;
        return Fused.Add(integers + Fused.Broadcast(factor + 4), scale * Vector256.ConvertToSingle(small >> 24), factor, sum);
    }

    private readonly struct Four(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        public readonly Vector256<int> A = a, B = b, C = c, D = d;
    }
}
