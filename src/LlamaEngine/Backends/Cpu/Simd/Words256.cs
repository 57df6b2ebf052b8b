using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Eight rows in 256 bits; portable: two 128-bit registers where there are none of 256.</summary>
internal readonly unsafe struct Words256(Vector256<int> value) : IWords<Words256>
{
    private readonly Vector256<int> _value = value;

    public static int Rows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Create(int value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 Load(int* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 LoadUInt16(ushort* source) =>
        new(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 LoadHalf(ushort* source) => new(HalfPrecision.Widen(Vector128.Load(source)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator &(Words256 left, Words256 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator |(Words256 left, Words256 right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator -(Words256 left, Words256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator *(Words256 left, Words256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator <<(Words256 value, int count) => new(value._value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator >>(Words256 value, int count) => new(value._value >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 operator >>>(Words256 value, int count) => new(value._value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 SubtractBytes(Words256 left, Words256 right) => new((left._value.AsByte() - right._value.AsByte()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 EvenBytes(Words256 value) => new(((value._value.AsInt16() << 8) >> 8).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 OddBytes(Words256 value) => new((value._value.AsInt16() >> 8).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 LookUp(Vector128<sbyte> table, Words256 indices)
    {
        Vector256<sbyte> bytes = indices._value.AsSByte();
        return new(Vector256.Create(Vector128.Shuffle(table, bytes.GetLower()), Vector128.Shuffle(table, bytes.GetUpper())).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 ToFloat(Words256 value) => new(Vector256.ConvertToSingle(value._value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 MultiplyFloat(Words256 left, Words256 right) =>
        new((left._value.AsSingle() * right._value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words256 NegateFloat(Words256 value) => new(value._value ^ Vector256.Create(int.MinValue));
}
