using System.Runtime.CompilerServices;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>The definition: lanes one by one.</summary>
internal unsafe struct ScalarLanes : ILanes<ScalarLanes>
{
    private const int Count = 16;
    private Values _values;

    public static ScalarLanes Zero => default;

    public static ScalarLanes Broadcast(float value)
    {
        ScalarLanes result = default;
        ((Span<float>)result._values).Fill(value);
        return result;
    }

    public static ScalarLanes Load(float* source)
    {
        ScalarLanes result = default;
        new ReadOnlySpan<float>(source, Count).CopyTo(result._values);
        return result;
    }

    public static ScalarLanes LoadHalf(ushort* source)
    {
        ScalarLanes result = default;
        for (int i = 0; i < Count; i++)
            result._values[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
        return result;
    }

    public static ScalarLanes LoadTinyHalf(ushort* source) =>
        LoadHalf(source) * Broadcast(1 / HalfPrecision.Rebias);

    public static ScalarLanes LoadBFloat16(ushort* source)
    {
        ScalarLanes result = default;
        for (int i = 0; i < Count; i++)
            result._values[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        return result;
    }

    public static ScalarLanes LoadSigned(sbyte* source)
    {
        ScalarLanes result = default;
        for (int i = 0; i < Count; i++)
            result._values[i] = source[i];
        return result;
    }

    public readonly void Store(float* destination) => ((ReadOnlySpan<float>)_values).CopyTo(new Span<float>(destination, Count));

    public static ScalarLanes operator +(ScalarLanes left, ScalarLanes right)
    {
        for (int i = 0; i < Count; i++)
            left._values[i] += right._values[i];
        return left;
    }

    public static ScalarLanes operator -(ScalarLanes left, ScalarLanes right)
    {
        for (int i = 0; i < Count; i++)
            left._values[i] -= right._values[i];
        return left;
    }

    public static ScalarLanes operator *(ScalarLanes left, ScalarLanes right)
    {
        for (int i = 0; i < Count; i++)
            left._values[i] *= right._values[i];
        return left;
    }

    public static ScalarLanes operator /(ScalarLanes left, ScalarLanes right)
    {
        for (int i = 0; i < Count; i++)
            left._values[i] /= right._values[i];
        return left;
    }

    public static ScalarLanes MultiplyAdd(ScalarLanes left, ScalarLanes right, ScalarLanes addend)
    {
        for (int i = 0; i < Count; i++)
            addend._values[i] = MathF.FusedMultiplyAdd(left._values[i], right._values[i], addend._values[i]);
        return addend;
    }

    public static ScalarLanes Max(ScalarLanes left, ScalarLanes right)
    {
        for (int i = 0; i < Count; i++)
            left._values[i] = left._values[i] > right._values[i] ? left._values[i] : right._values[i];
        return left;
    }

    public static ScalarLanes Min(ScalarLanes left, ScalarLanes right)
    {
        for (int i = 0; i < Count; i++)
            left._values[i] = left._values[i] < right._values[i] ? left._values[i] : right._values[i];
        return left;
    }

    public static ScalarLanes Abs(ScalarLanes value)
    {
        for (int i = 0; i < Count; i++)
            value._values[i] = Math.Abs(value._values[i]);
        return value;
    }

    public static ScalarLanes PowerOfTwo(ScalarLanes exponent)
    {
        for (int i = 0; i < Count; i++)
            exponent._values[i] = BitConverter.Int32BitsToSingle(((int)exponent._values[i] + 127) << 23);
        return exponent;
    }

    public readonly void StoreHalf(ushort* destination)
    {
        for (int i = 0; i < Count; i++)
            destination[i] = BitConverter.HalfToUInt16Bits((Half)_values[i]);
    }

    public readonly void StoreBFloat16(ushort* destination)
    {
        for (int i = 0; i < Count; i++)
            destination[i] = BFloat16.Narrow(_values[i]);
    }

    public static ScalarLanes SwapPairs(ScalarLanes value)
    {
        for (int i = 0; i < Count; i += 2)
            (value._values[i], value._values[i + 1]) = (value._values[i + 1], value._values[i]);
        return value;
    }

    public readonly void StoreRounded(short* destination)
    {
        for (int i = 0; i < Count; i++)
            destination[i] = (short)MathF.Round(_values[i]);
    }

    public readonly float Sum()
    {
        Values sums = _values;
        for (int half = Count / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                sums[i] += sums[i + half];
        }
        return sums[0];
    }

    public readonly float Largest()
    {
        float largest = _values[0];
        for (int i = 1; i < Count; i++)
            largest = Math.Max(largest, _values[i]);
        return largest;
    }

    [InlineArray(Count)]
    private struct Values
    {
        private float _first;
    }
}
