using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Tests.Backends;

/// <summary>Vectors of every width agree with the scalar definition bit for bit, and that with the framework's arithmetic.</summary>
public sealed unsafe class LanesTests
{
    [Fact]
    public void Exponential_is_within_two_units_in_the_last_place()
    {
        float* lanes = stackalloc float[16];
        for (float x = -87f; x < 88f; x += 0.0137f)
        {
            Exponential<ScalarLanes>.Of(ScalarLanes.Broadcast(x)).Store(lanes);
            double exact = Math.Exp(x);
            Assert.True(Math.Abs(lanes[0] - exact) <= 2 * (MathF.BitIncrement((float)exact) - (double)(float)exact), $"{x}: {lanes[0]:R}, not {exact:R}");
        }
        Assert.Equal(1, First(0));
        Assert.Equal(0, First(float.NegativeInfinity));
        Assert.Equal(0, First(-200));
        Assert.True(float.IsFinite(First(1000)));
    }

    [Fact]
    public void All_widths_agree()
    {
        CheckAgainstScalar<Lanes128>();
        if (Vector256.IsHardwareAccelerated)
            CheckAgainstScalar<Lanes256>();
        if (CpuInstructionSets.Detect(CpuInstructionSet.Avx512) == CpuInstructionSet.Avx512)
            CheckAgainstScalar<Lanes512>();
    }

    [Fact]
    public void Half_precision_converts_every_value()
    {
        ushort* halves = stackalloc ushort[16];
        float* floats = stackalloc float[16];
        for (int first = 0; first < 65536; first += 16)
        {
            for (int i = 0; i < 16; i++)
                halves[i] = (ushort)(first + i);
            CheckHalves<Lanes128>(halves, floats);
            if (Vector256.IsHardwareAccelerated)
                CheckHalves<Lanes256>(halves, floats);
            if (Vector512.IsHardwareAccelerated)
                CheckHalves<Lanes512>(halves, floats);
        }
    }

    [Fact]
    public void Bfloat16_is_the_nearest_and_even_in_the_middle()
    {
        CheckBFloat16<ScalarLanes>();
        CheckBFloat16<Lanes128>();
        if (Vector256.IsHardwareAccelerated)
            CheckBFloat16<Lanes256>();
        if (CpuInstructionSets.Detect(CpuInstructionSet.Avx512) == CpuInstructionSet.Avx512)
            CheckBFloat16<Lanes512>();
    }

    private static void CheckBFloat16<TLanes>() where TLanes : struct, ILanes<TLanes>
    {
        // Down, up, to even from above and below, a carry into the exponent, into infinity, infinity, NaN whose payload would be cut off.
        uint[] bits = [0x3F807FFF, 0x3F808001, 0x3F808000, 0x3F818000, 0xBFFFFFFF, 0x7F7FFFFF, 0xFF800000, 0x7F800001, 0, 0x80000000, 1, 0x00008001];
        ushort[] expected = [0x3F80, 0x3F81, 0x3F80, 0x3F82, 0xC000, 0x7F80, 0xFF80, 0x7FC0, 0, 0x8000, 0, 1];
        float* values = stackalloc float[16];
        new Span<float>(values, 16).Clear();
        for (int i = 0; i < bits.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle(bits[i]);
        ushort* narrow = stackalloc ushort[16];
        TLanes.Load(values).StoreBFloat16(narrow);
        Assert.Equal(expected, new ReadOnlySpan<ushort>(narrow, bits.Length).ToArray());
    }

    private static float First(float x)
    {
        float* lanes = stackalloc float[16];
        Exponential<ScalarLanes>.Of(ScalarLanes.Broadcast(x)).Store(lanes);
        return lanes[0];
    }

    private static void CheckHalves<TLanes>(ushort* halves, float* floats) where TLanes : struct, ILanes<TLanes>
    {
        TLanes.LoadHalf(halves).Store(floats);
        for (int i = 0; i < 16; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
            Assert.True(float.IsNaN(expected) ? float.IsNaN(floats[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(floats[i]));
        }
    }

    private static void CheckAgainstScalar<TLanes>() where TLanes : struct, ILanes<TLanes>
    {
        Random random = new(3);
        float* a = stackalloc float[16], b = stackalloc float[16], c = stackalloc float[16];
        for (int round = 0; round < 2000; round++)
        {
            for (int i = 0; i < 16; i++)
            {
                a[i] = (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-9, 6));
                b[i] = (random.NextSingle() - 0.5f) * 100;
                c[i] = random.NextSingle() - 0.5f;
            }
            Assert.Equal(Results<ScalarLanes>(a, b, c), Results<TLanes>(a, b, c));
        }
    }

    private static int[] Results<TLanes>(float* pa, float* pb, float* pc) where TLanes : struct, ILanes<TLanes>
    {
        TLanes a = TLanes.Load(pa), b = TLanes.Load(pb), c = TLanes.Load(pc);
        ReadOnlySpan<TLanes> values =
        [
            a + b, a - b, a * b, a / b, TLanes.MultiplyAdd(a, b, c), TLanes.Max(a, b), TLanes.Min(a, b), TLanes.Abs(a),
            TLanes.SwapPairs(a), Exponential<TLanes>.Of(b),
        ];
        float* lanes = stackalloc float[16];
        List<int> bits = [BitConverter.SingleToInt32Bits(a.Sum()), BitConverter.SingleToInt32Bits(a.Largest())];
        foreach (TLanes value in values)
        {
            value.Store(lanes);
            for (int i = 0; i < 16; i++)
                bits.Add(BitConverter.SingleToInt32Bits(lanes[i]));
        }
        short* rounded = stackalloc short[16];
        ushort* halves = stackalloc ushort[16], upper = stackalloc ushort[16];
        b.StoreRounded(rounded);
        a.StoreHalf(halves);
        a.StoreBFloat16(upper);
        TLanes.LoadSigned((sbyte*)pa).Store(lanes);
        for (int i = 0; i < 16; i++)
            bits.AddRange([rounded[i], halves[i], upper[i], (int)lanes[i]]);
        return [.. bits];
    }
}
