using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Reads little-endian values one after another; every step is checked against the end of the file.</summary>
internal ref struct GgufCursor(MappedFile file)
{
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file that is read.</summary>
    public MappedFile File { get; } = file;

    /// <summary>Offset of the next byte.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes from here to the end of the file.</summary>
    public readonly long Remaining => File.Length - Position;

    /// <summary>Reads a 32-bit integer.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>Reads a 64-bit integer.</summary>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Reads a 64-bit count of things that take at least <paramref name="bytesEach"/> bytes each.</summary>
    /// <exception cref="ModelFormatException">So many cannot stand in the rest of the file, or in .NET's arrays.</exception>
    public int ReadCount(int bytesEach, string things)
    {
        long at = Position;
        ulong count = ReadUInt64();
        if (count > (ulong)(Remaining / bytesEach) || count > (ulong)Array.MaxLength)
            throw Damage(at, $"{count} {things} cannot stand in the {Remaining} bytes that follow.");
        return (int)count;
    }

    /// <summary>Reads the next bytes; they are not copied.</summary>
    public ReadOnlySpan<byte> Take(int length)
    {
        ReadOnlySpan<byte> bytes = File.Span(Position, length);
        Position += length;
        return bytes;
    }

    /// <summary>Reads an array of values as they stand in memory on this (little-endian) machine.</summary>
    public T[] ReadArray<T>(int count) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Take(checked(count * Unsafe.SizeOf<T>()))).ToArray();

    /// <summary>Reads a string with its length in front.</summary>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="longest">Most bytes it may have.</param>
    public string ReadString(string what, int longest = int.MaxValue)
    {
        long at = Position;
        ulong length = ReadUInt64();
        if (length > (ulong)Math.Min(Remaining, longest))
            throw Damage(at, $"{what} has {length} bytes; at most {Math.Min(Remaining, longest)} are possible here.");
        try
        {
            return s_strictUtf8.GetString(Take((int)length));
        }
        catch (DecoderFallbackException error)
        {
            throw new ModelFormatException(File.Path, at + sizeof(ulong) + Math.Max(0, error.Index), $"{what} is not valid UTF-8.", error);
        }
    }

    /// <summary>Reads the name of a key or a tensor: not empty, without NUL.</summary>
    public string ReadName(string what, int longest)
    {
        long at = Position;
        string name = ReadString(what, longest);
        if (name.Length == 0 || name.Contains('\0'))
            throw Damage(at, $"{what} is empty or contains NUL.");
        return name;
    }

    /// <summary>An exception that names this file and an offset in it.</summary>
    public readonly ModelFormatException Damage(long offset, string problem) => new(File.Path, offset, problem);
}
