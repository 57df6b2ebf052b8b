using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Two 256-bit registers.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> a, Vector256<float> b) : ILanes<Lanes256>
{
    private readonly Vector256<float> _a = a, _b = b;

    public static Lanes256 Zero => new(Vector256<float>.Zero, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value)
    {
        Vector256<float> all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) =>
        new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHalf(ushort* source) =>
        new(HalfPrecision.Widen(Vector128.Load(source)), HalfPrecision.Widen(Vector128.Load(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadTinyHalf(ushort* source) =>
        new(HalfPrecision.WidenTiny(Vector128.Load(source)), HalfPrecision.WidenTiny(Vector128.Load(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBFloat16(ushort* source) =>
        new(WidenBFloat16(source), WidenBFloat16(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadSigned(sbyte* source) =>
        new(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source)), Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination)
    {
        _a.Store(destination);
        _b.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 left, Lanes256 right) =>
        new(left._a + right._a, left._b + right._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 left, Lanes256 right) =>
        new(left._a - right._a, left._b - right._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 left, Lanes256 right) =>
        new(left._a * right._a, left._b * right._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 left, Lanes256 right) =>
        new(left._a / right._a, left._b / right._b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 left, Lanes256 right, Lanes256 addend) =>
        new(Vector256.FusedMultiplyAdd(left._a, right._a, addend._a), Vector256.FusedMultiplyAdd(left._b, right._b, addend._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 left, Lanes256 right) =>
        new(Vector256.MaxNative(left._a, right._a), Vector256.MaxNative(left._b, right._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 left, Lanes256 right) =>
        new(Vector256.MinNative(left._a, right._a), Vector256.MinNative(left._b, right._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 value) => new(Vector256.Abs(value._a), Vector256.Abs(value._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PowerOfTwo(Lanes256 exponent) =>
        new(PowerOfTwo(exponent._a), PowerOfTwo(exponent._b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreHalf(ushort* destination)
    {
        HalfPrecision.Narrow(_a).Store(destination);
        HalfPrecision.Narrow(_b).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(ushort* destination)
    {
        BFloat16.Narrow(_a).Store(destination);
        BFloat16.Narrow(_b).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SwapPairs(Lanes256 value)
    {
        Vector256<int> order = Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6);
        return new(Vector256.Shuffle(value._a, order), Vector256.Shuffle(value._b, order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreRounded(short* destination) => Vector256.Narrow(
        Vector256.ConvertToInt32Native(Vector256.Round(_a)), Vector256.ConvertToInt32Native(Vector256.Round(_b))).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum()
    {
        Vector256<float> sums = _a + _b;
        return Lanes128.Sum(sums.GetLower() + sums.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => Largest(Vector256.MaxNative(_a, _b));

    /// <summary>The largest of eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Largest(Vector256<float> values) =>
        Lanes128.Largest(Vector128.MaxNative(values.GetLower(), values.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WidenBFloat16(ushort* source) =>
        (Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<float> exponent) =>
        Vector256.ShiftLeft(Vector256.ConvertToInt32Native(exponent) + Vector256.Create(127), 23).AsSingle();
}
