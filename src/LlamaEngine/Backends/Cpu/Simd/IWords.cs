using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>
/// One 32-bit word of each of 8 or 16 weight rows: four codes, a number, or a float32. What unpacking is written over; exact
/// integer work and single multiplications, so equal on every processor.
/// </summary>
internal unsafe interface IWords<TSelf> where TSelf : struct, IWords<TSelf>
{
    /// <summary>Rows: 8 or 16.</summary>
    static abstract int Rows { get; }

    /// <summary>The same word for every row.</summary>
    static abstract TSelf Create(int value);

    /// <summary>Reads a word for each row.</summary>
    static abstract TSelf Load(int* source);

    /// <summary>Reads a 16-bit number for each row.</summary>
    static abstract TSelf LoadUInt16(ushort* source);

    /// <summary>Reads a half-precision number for each row, as float32.</summary>
    static abstract TSelf LoadHalf(ushort* source);

    /// <summary>Writes a word for each row.</summary>
    void Store(int* destination);

    /// <summary>Bitwise and.</summary>
    static abstract TSelf operator &(TSelf left, TSelf right);

    /// <summary>Bitwise or.</summary>
    static abstract TSelf operator |(TSelf left, TSelf right);

    /// <summary>Difference of whole numbers.</summary>
    static abstract TSelf operator -(TSelf left, TSelf right);

    /// <summary>Product of whole numbers.</summary>
    static abstract TSelf operator *(TSelf left, TSelf right);

    /// <summary>Shift to the left.</summary>
    static abstract TSelf operator <<(TSelf value, int count);

    /// <summary>Shift to the right, keeping the sign.</summary>
    static abstract TSelf operator >>(TSelf value, int count);

    /// <summary>Shift to the right, filling with zeros.</summary>
    static abstract TSelf operator >>>(TSelf value, int count);

    /// <summary>Difference byte by byte.</summary>
    static abstract TSelf SubtractBytes(TSelf left, TSelf right);

    /// <summary>Bytes 0 and 2 of each word as signed 16-bit numbers.</summary>
    static abstract TSelf EvenBytes(TSelf value);

    /// <summary>Bytes 1 and 3 of each word as signed 16-bit numbers.</summary>
    static abstract TSelf OddBytes(TSelf value);

    /// <summary>Replaces bytes below 16 by the table's.</summary>
    static abstract TSelf LookUp(Vector128<sbyte> table, TSelf indices);

    /// <summary>Whole numbers to float32.</summary>
    static abstract TSelf ToFloat(TSelf value);

    /// <summary>Product of float32.</summary>
    static abstract TSelf MultiplyFloat(TSelf left, TSelf right);

    /// <summary>The negative of float32.</summary>
    static abstract TSelf NegateFloat(TSelf value);
}
