using System.Runtime.CompilerServices;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// How one step of a panel looks: the 16 or 32 values of 16 rows that share a scale. A step holds <see cref="Groups"/> vectors of
/// codes (64 bytes, a 32-bit word for each row), then 16 scales, then 16 minima, as float32.
/// </summary>
/// <remarks>
/// Narrow steps hold unsigned codes below 16, four values a word: 8 products of pairs stay below 2^15, so they
/// are summed in 16 bits. Wide steps hold signed codes as two 16-bit numbers a word.
/// value = scale × (code − 8) in narrow steps without minimum, scale × code + minimum otherwise.
/// </remarks>
internal interface IStepShape
{
    /// <summary>Vectors of codes.</summary>
    static abstract int Groups { get; }

    /// <summary>Codes of 16 bits (else 8).</summary>
    static abstract bool IsWide { get; }

    /// <summary>Each step has minima.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>Without minima: what a step's correction is times the sum of its codes of activations, or 0 where nothing reads it.</summary>
    static abstract int Offset { get; }
}

/// <summary>Sizes that follow from a shape, in bytes unless said otherwise.</summary>
/// <remarks>Constants once they are inlined, which the compiler has to be told: in loops of many inlined calls its budget runs out.</remarks>
internal static class Step<TShape> where TShape : struct, IStepShape
{
    /// <summary>Bytes of codes of 16 rows in one vector.</summary>
    public const int VectorBytes = 64;

    /// <summary>Rows of activations in a tile.</summary>
    public const int TileRows = 4;

    /// <summary>Where the scales stand in a step of a panel; the minima follow.</summary>
    public static int ScaleOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TShape.Groups * VectorBytes;
    }

    /// <summary>One step of a panel.</summary>
    public static int PanelBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TShape.Groups + 2) * VectorBytes;
    }

    /// <summary>One step of <paramref name="rows"/> rows of activations: their codes word by word, their scales, their corrections.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ActivationBytes(int rows) => (TShape.Groups + 2) * 4 * rows;

    /// <summary>Values of a row in a step.</summary>
    public static int Values
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TShape.IsWide ? 2 * TShape.Groups : 4 * TShape.Groups;
    }
}

/// <summary>Q4_0.</summary>
internal readonly struct Narrow : IStepShape
{
    public static int Groups => 8;

    public static bool IsWide => false;

    public static bool HasMinimum => false;

    public static int Offset => -8;
}

/// <summary>Q4_1, Q4_K.</summary>
internal readonly struct NarrowWithMinimum : IStepShape
{
    public static int Groups => 8;

    public static bool IsWide => false;

    public static bool HasMinimum => true;

    public static int Offset => 0;
}

/// <summary>Q8_0, Q5_0, IQ4_NL, IQ4_XS.</summary>
internal readonly struct Wide : IStepShape
{
    public static int Groups => 16;

    public static bool IsWide => true;

    public static bool HasMinimum => false;

    public static int Offset => 0;
}

/// <summary>Q5_1, Q5_K.</summary>
internal readonly struct WideWithMinimum : IStepShape
{
    public static int Groups => 16;

    public static bool IsWide => true;

    public static bool HasMinimum => true;

    public static int Offset => 0;
}

/// <summary>Q3_K, Q6_K: a scale for every 16 values.</summary>
internal readonly struct ShortWide : IStepShape
{
    public static int Groups => 8;

    public static bool IsWide => true;

    public static bool HasMinimum => false;

    public static int Offset => -32;
}

/// <summary>Q2_K: a scale and a minimum for every 16 values.</summary>
internal readonly struct ShortWideWithMinimum : IStepShape
{
    public static int Groups => 8;

    public static bool IsWide => true;

    public static bool HasMinimum => true;

    public static int Offset => 0;
}
