using System.Numerics;

namespace LlamaEngine.Sampling;

/// <summary>Room that grows to what is needed and is then reused.</summary>
internal static class Buffers
{
    /// <summary>The first <paramref name="length"/> elements of a buffer, which is replaced if it is too short. Contents are undefined.</summary>
    public static Span<T> AtLeast<T>(ref T[] buffer, int length)
        where T : unmanaged
    {
        if (buffer.Length < length)
            buffer = new T[(int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)length), (uint)Array.MaxLength)];
        return buffer.AsSpan(0, length);
    }
}
