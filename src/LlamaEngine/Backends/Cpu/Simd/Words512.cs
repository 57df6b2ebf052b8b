using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Sixteen rows in 512 bits.</summary>
internal readonly unsafe struct Words512(Vector512<int> value) : IWords<Words512>
{
    private readonly Vector512<int> _value = value;

    public static int Rows => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Create(int value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 Load(int* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 LoadUInt16(ushort* source) =>
        new(Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 LoadHalf(ushort* source) => new(HalfPrecision.Widen(Vector256.Load(source)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator &(Words512 left, Words512 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator |(Words512 left, Words512 right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator -(Words512 left, Words512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator *(Words512 left, Words512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator <<(Words512 value, int count) => new(value._value << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator >>(Words512 value, int count) => new(value._value >> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 operator >>>(Words512 value, int count) => new(value._value >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 SubtractBytes(Words512 left, Words512 right) => new((left._value.AsByte() - right._value.AsByte()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 EvenBytes(Words512 value) => new(((value._value.AsInt16() << 8) >> 8).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 OddBytes(Words512 value) => new((value._value.AsInt16() >> 8).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 LookUp(Vector128<sbyte> table, Words512 indices) =>
        new(Avx512BW.Shuffle(Vector512.Create(Vector256.Create(table, table), Vector256.Create(table, table)), indices._value.AsSByte()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 ToFloat(Words512 value) => new(Vector512.ConvertToSingle(value._value).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 MultiplyFloat(Words512 left, Words512 right) =>
        new((left._value.AsSingle() * right._value.AsSingle()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words512 NegateFloat(Words512 value) => new(value._value ^ Vector512.Create(int.MinValue));
}
