using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>One 512-bit register.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private readonly Vector512<float> _value = value;

    public static Lanes512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadHalf(ushort* source) =>
        new(HalfPrecision.Widen(Vector256.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadTinyHalf(ushort* source) =>
        new(HalfPrecision.WidenTiny(Vector256.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadBFloat16(ushort* source) =>
        new((Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadSigned(sbyte* source) =>
        new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 left, Lanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 left, Lanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 left, Lanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 left, Lanes512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 left, Lanes512 right, Lanes512 addend) =>
        new(Vector512.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 left, Lanes512 right) => new(Vector512.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 left, Lanes512 right) => new(Vector512.MinNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 value) => new(Vector512.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 PowerOfTwo(Lanes512 exponent) =>
        new(Vector512.ShiftLeft(Vector512.ConvertToInt32Native(exponent._value) + Vector512.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreHalf(ushort* destination)
    {
        HalfPrecision.Narrow(_value.GetLower()).Store(destination);
        HalfPrecision.Narrow(_value.GetUpper()).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(ushort* destination)
    {
        BFloat16.Narrow(_value.GetLower()).Store(destination);
        BFloat16.Narrow(_value.GetUpper()).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SwapPairs(Lanes512 value) =>
        new(Vector512.Shuffle(value._value, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreRounded(short* destination)
    {
        Vector512<int> whole = Vector512.ConvertToInt32Native(Vector512.Round(_value));
        Vector256.Narrow(whole.GetLower(), whole.GetUpper()).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Lanes128.Sum(Halve(_value.GetLower() + _value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => Lanes256.Largest(Vector256.MaxNative(_value.GetLower(), _value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Halve(Vector256<float> sums) => sums.GetLower() + sums.GetUpper();
}
