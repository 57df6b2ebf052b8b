using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Memory;

/// <summary>Asks for memory that is needed soon; never faults, and does nothing on processors without the instruction.</summary>
internal static unsafe class Prefetch
{
    // How far ahead of its use a stream is asked for: the hardware stops at the end of every page.
    private const int Distance = 4096;

    /// <summary>A cache line.</summary>
    public const int LineBytes = 64;

    /// <summary>What a stream, now at <paramref name="address"/>, reads a page later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Ahead(byte* address) => address + Distance;

    /// <summary>One line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(byte* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>Two neighbouring lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Two(byte* address)
    {
        Line(address);
        Line(address + LineBytes);
    }

    /// <summary>The lines of [address, address + bytes), and sometimes one more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines(byte* address, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        // By eights: a loop's own work would be as much as the lines'. Where bytes is a constant and small, no loop is left.
        for (; bytes > 7 * LineBytes; bytes -= 8 * LineBytes, address += 8 * LineBytes)
        {
            Sse.Prefetch0(address);
            Sse.Prefetch0(address + LineBytes);
            Sse.Prefetch0(address + 2 * LineBytes);
            Sse.Prefetch0(address + 3 * LineBytes);
            Sse.Prefetch0(address + 4 * LineBytes);
            Sse.Prefetch0(address + 5 * LineBytes);
            Sse.Prefetch0(address + 6 * LineBytes);
            Sse.Prefetch0(address + 7 * LineBytes);
        }
        for (; bytes > 0; bytes -= LineBytes, address += LineBytes)
            Sse.Prefetch0(address);
    }
}
