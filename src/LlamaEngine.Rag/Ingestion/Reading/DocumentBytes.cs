using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace LlamaEngine.Rag;

/// <summary>From a file's bytes to characters: UTF-8 with or without a byte order mark, UTF-16 with one; nothing is guessed or replaced.</summary>
internal static class DocumentBytes
{
    /// <summary>What a file may take where nothing else is said, in bytes.</summary>
    public const long DefaultLimit = 32L << 20;

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="DocumentFormatException">It has more than <paramref name="limit"/> bytes; reading stops there.</exception>
    public static byte[] ReadAll(Stream content, string path, long limit)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[81920];
        for (int read; (read = content.Read(buffer)) > 0;)
        {
            if (all.Length + read > limit)
                throw TooLarge(path, limit);
            all.Write(buffer, 0, read);
        }
        return all.ToArray();
    }

    /// <summary>Reads a stream's text.</summary>
    /// <exception cref="DocumentFormatException">It is too large, binary, or not in one of the encodings.</exception>
    public static string ReadText(Stream content, string path, long limit) => Decode(ReadAll(content, path, limit), path);

    /// <summary>The error for a file with too many bytes.</summary>
    public static DocumentFormatException TooLarge(string path, long limit) =>
        new($"'{path}' has more than {limit:N0} bytes, the most that is read of one file.");

    /// <summary>The text of a file, without the byte order mark.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
            return DecodeUtf16(bytes, bigEndian: false, path);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return DecodeUtf16(bytes, bigEndian: true, path);
        return DecodeUtf8(bytes, path);
    }

    private static string DecodeUtf8(ReadOnlySpan<byte> bytes, string path)
    {
        int mark = bytes.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        int zero = bytes.IndexOf((byte)0);
        if (zero >= 0)
            throw Binary(path, zero);

        char[] characters = new char[bytes.Length - mark];
        OperationStatus status = Utf8.ToUtf16(bytes[mark..], characters, out int read, out int written, replaceInvalidSequences: false);
        if (status != OperationStatus.Done)
            throw Invalid(path, "UTF-8", mark + read);
        return new string(characters, 0, written);
    }

    private static string DecodeUtf16(ReadOnlySpan<byte> bytes, bool bigEndian, string path)
    {
        if (bytes.Length % 2 != 0)
            throw Invalid(path, "UTF-16", bytes.Length - 1);
        char[] units = new char[bytes.Length / 2 - 1];
        for (int i = 0; i < units.Length; i++)
        {
            ReadOnlySpan<byte> unit = bytes.Slice(2 + 2 * i, 2);
            units[i] = (char)(bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(unit) : BinaryPrimitives.ReadUInt16LittleEndian(unit));
        }
        for (int i = 0; i < units.Length; i++)
        {
            if (units[i] == 0)
                throw Binary(path, 2 + 2 * i);
            if (!char.IsSurrogate(units[i]))
                continue;
            if (i + 1 == units.Length || !char.IsSurrogatePair(units[i], units[i + 1]))
                throw Invalid(path, "UTF-16", 2 + 2 * i);
            i++;
        }
        return new string(units);
    }

    private static DocumentFormatException Binary(string path, int offset) =>
        new($"'{path}' is not text: the byte at offset {offset:N0} is zero. Supported are texts in UTF-8, or in UTF-16 with a byte order mark.");

    private static DocumentFormatException Invalid(string path, string encoding, int offset) =>
        new($"'{path}' is not valid {encoding}: the bytes from offset {offset:N0} are no character. Supported are texts in UTF-8, or in UTF-16 with a byte order mark.");
}
