using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>A line of a <see cref="ResultLog"/>: <c>CCCCCCCC INDEX + RESULT</c>, with <c>-</c> in place of <c>+</c> where the item failed.</summary>
/// <remarks>C is the CRC-32C, in hexadecimal digits, of everything behind the space that follows it.</remarks>
internal readonly record struct ResultRecord(int Index, bool Succeeded, ReadOnlyMemory<byte> Result)
{
    private const int ChecksumLength = 8;

    /// <summary>The line, with its line feed.</summary>
    public byte[] ToLine()
    {
        byte[] head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"00000000 {Index} {(Succeeded ? '+' : '-')} "));
        byte[] line = new byte[head.Length + Result.Length + 1];
        head.CopyTo(line, 0);
        Result.CopyTo(line.AsMemory(head.Length));
        line[^1] = (byte)'\n';
        uint crc = Checksum.Compute(line.AsSpan(ChecksumLength + 1, line.Length - ChecksumLength - 2));
        Utf8Formatter.TryFormat(crc, line, out _, new('x', ChecksumLength));
        return line;
    }

    /// <summary>Reads a line without its line feed; false: it is none, or was damaged.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> line, out ResultRecord record)
    {
        record = default;
        ReadOnlySpan<byte> bytes = line.Span;
        if (bytes.Length <= ChecksumLength || bytes[ChecksumLength] != ' '
            || !Utf8Parser.TryParse(bytes[..ChecksumLength], out uint crc, out int digits, 'x') || digits != ChecksumLength)
        {
            return false;
        }
        ReadOnlySpan<byte> rest = bytes[(ChecksumLength + 1)..];
        if (Checksum.Compute(rest) != crc || !Utf8Parser.TryParse(rest, out int index, out int length) || index < 0 || rest.Length < length + 3)
            return false;
        record = new ResultRecord(index, rest[length + 1] == '+', line[(ChecksumLength + 1 + length + 3)..]);
        return true;
    }
}
