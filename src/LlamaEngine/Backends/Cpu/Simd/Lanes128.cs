using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Four 128-bit registers.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) : ILanes<Lanes128>
{
    private readonly Vector128<float> _a = a, _b = b, _c = c, _d = d;

    public static Lanes128 Zero => new(Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value)
    {
        Vector128<float> all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHalf(ushort* source)
    {
        (Vector128<float> a, Vector128<float> b) = HalfPrecision.WidenHalves(Vector128.Load(source));
        (Vector128<float> c, Vector128<float> d) = HalfPrecision.WidenHalves(Vector128.Load(source + 8));
        return new(a, b, c, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadTinyHalf(ushort* source) =>
        LoadHalf(source) * Broadcast(1 / HalfPrecision.Rebias);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBFloat16(ushort* source)
    {
        (Vector128<uint> a, Vector128<uint> b) = Vector128.Widen(Vector128.Load(source));
        (Vector128<uint> c, Vector128<uint> d) = Vector128.Widen(Vector128.Load(source + 8));
        return new((a << 16).AsSingle(), (b << 16).AsSingle(), (c << 16).AsSingle(), (d << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadSigned(sbyte* source)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(Vector128.Load(source));
        (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lower);
        (Vector128<int> c, Vector128<int> d) = Vector128.Widen(upper);
        return new(Vector128.ConvertToSingle(a), Vector128.ConvertToSingle(b), Vector128.ConvertToSingle(c), Vector128.ConvertToSingle(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination)
    {
        _a.Store(destination);
        _b.Store(destination + 4);
        _c.Store(destination + 8);
        _d.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 left, Lanes128 right) =>
        new(left._a + right._a, left._b + right._b, left._c + right._c, left._d + right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 left, Lanes128 right) =>
        new(left._a - right._a, left._b - right._b, left._c - right._c, left._d - right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 left, Lanes128 right) =>
        new(left._a * right._a, left._b * right._b, left._c * right._c, left._d * right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 left, Lanes128 right) =>
        new(left._a / right._a, left._b / right._b, left._c / right._c, left._d / right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 left, Lanes128 right, Lanes128 addend) =>
        new(
            Vector128.FusedMultiplyAdd(left._a, right._a, addend._a),
            Vector128.FusedMultiplyAdd(left._b, right._b, addend._b),
            Vector128.FusedMultiplyAdd(left._c, right._c, addend._c),
            Vector128.FusedMultiplyAdd(left._d, right._d, addend._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 left, Lanes128 right) =>
        new(
            Vector128.MaxNative(left._a, right._a),
            Vector128.MaxNative(left._b, right._b),
            Vector128.MaxNative(left._c, right._c),
            Vector128.MaxNative(left._d, right._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 left, Lanes128 right) =>
        new(
            Vector128.MinNative(left._a, right._a),
            Vector128.MinNative(left._b, right._b),
            Vector128.MinNative(left._c, right._c),
            Vector128.MinNative(left._d, right._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 value) =>
        new(Vector128.Abs(value._a), Vector128.Abs(value._b), Vector128.Abs(value._c), Vector128.Abs(value._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 PowerOfTwo(Lanes128 exponent) =>
        new(PowerOfTwo(exponent._a), PowerOfTwo(exponent._b), PowerOfTwo(exponent._c), PowerOfTwo(exponent._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreHalf(ushort* destination)
    {
        HalfPrecision.Narrow(Vector256.Create(_a, _b)).Store(destination);
        HalfPrecision.Narrow(Vector256.Create(_c, _d)).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(ushort* destination)
    {
        BFloat16.Narrow(Vector256.Create(_a, _b)).Store(destination);
        BFloat16.Narrow(Vector256.Create(_c, _d)).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SwapPairs(Lanes128 value)
    {
        Vector128<int> order = Vector128.Create(1, 0, 3, 2);
        return new(
            Vector128.Shuffle(value._a, order),
            Vector128.Shuffle(value._b, order),
            Vector128.Shuffle(value._c, order),
            Vector128.Shuffle(value._d, order));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreRounded(short* destination)
    {
        Vector128.Narrow(Round(_a), Round(_b)).Store(destination);
        Vector128.Narrow(Round(_c), Round(_d)).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Sum(_a + _c + (_b + _d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() =>
        Largest(Vector128.MaxNative(Vector128.MaxNative(_a, _b), Vector128.MaxNative(_c, _d)));

    /// <summary>The sum of four lanes: 0 and 2, 1 and 3 first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector128<float> values)
    {
        Vector128<float> pairs = values + Vector128.Shuffle(values, Vector128.Create(2, 3, 0, 1));
        return pairs.ToScalar() + pairs.GetElement(1);
    }

    /// <summary>The largest of four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Largest(Vector128<float> values)
    {
        Vector128<float> pairs = Vector128.MaxNative(values, Vector128.Shuffle(values, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(pairs.ToScalar(), pairs.GetElement(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(Vector128<float> values) => Vector128.ConvertToInt32Native(Vector128.Round(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PowerOfTwo(Vector128<float> exponent) =>
        Vector128.ShiftLeft(Vector128.ConvertToInt32Native(exponent) + Vector128.Create(127), 23).AsSingle();
}
