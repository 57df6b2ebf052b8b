using System.Runtime.CompilerServices;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>Reads a file line by line; at most one line is in memory. A byte order mark at the beginning is left out.</summary>
internal static class LineReader
{
    private const int FirstBuffer = 1 << 16;

    /// <summary>The lines of a stream, from its beginning. Each has memory of its own.</summary>
    /// <param name="maxBytes">Most bytes of a line.</param>
    /// <exception cref="LineTooLongException">A line is longer.</exception>
    public static async IAsyncEnumerable<Line> ReadAsync(
        Stream stream, int maxBytes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        byte[] buffer = new byte[FirstBuffer];
        // buffer[start .. end] has been read and not given yet; no line feed stands before scanned.
        int start = 0, scanned = 0, end = 0;
        long number = 0, offset = 0;
        while (true)
        {
            int feed = buffer.AsSpan(scanned..end).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                feed += scanned;
                Line line = Make(++number, offset, buffer.AsSpan(start..feed), maxBytes, isTerminated: true);
                offset += feed + 1 - start;
                start = scanned = feed + 1;
                yield return line;
                continue;
            }
            scanned = end;
            if (end - start > maxBytes + 3L)
                throw new LineTooLongException(number + 1, maxBytes);
            if (start > 0)
            {
                buffer.AsSpan(start..end).CopyTo(buffer);
                (start, scanned, end) = (0, scanned - start, end - start);
            }
            if (end == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, Array.MaxLength));
            int read = await stream.ReadAsync(buffer.AsMemory(end), cancellation);
            if (read == 0)
                break;
            end += read;
        }
        if (end > start)
            yield return Make(number + 1, offset, buffer.AsSpan(start..end), maxBytes, isTerminated: false);
    }

    private static Line Make(long number, long offset, ReadOnlySpan<byte> bytes, int maxBytes, bool isTerminated)
    {
        if (number == 1 && bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
            offset += 3;
        }
        return bytes.Length > maxBytes
            ? throw new LineTooLongException(number, maxBytes)
            : new Line(number, offset, bytes.ToArray(), isTerminated);
    }
}

/// <summary>A line has more bytes than it may.</summary>
internal sealed class LineTooLongException(long number, int maxBytes) : Exception($"Line {number} has more than {maxBytes:N0} bytes.")
{
    /// <summary>The line, counted from 1.</summary>
    public long Number { get; } = number;
}
