using System.Buffers;
using System.Buffers.Text;

namespace LlamaEngine.Tokenization.Tiktoken;

/// <summary>Reads tiktoken's vocabulary: one line a token, its bytes in base64, a space, and its rank, which is its id.</summary>
internal static class TiktokenFile
{
    private static readonly SearchValues<byte> s_base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    /// <summary>Whether the first line is of this format.</summary>
    public static bool LooksLike(ReadOnlySpan<byte> content)
    {
        int space = content.IndexOfAnyExcept(s_base64);
        return space > 0 && content[space] == ' ' && space + 1 < content.Length && char.IsAsciiDigit((char)content[space + 1]);
    }

    /// <summary>Reads all tokens, in the order of their ranks.</summary>
    /// <exception cref="ModelFormatException">A line is not of the format, or a rank is missing or comes twice.</exception>
    public static byte[][] Read(string file, ReadOnlySpan<byte> content)
    {
        List<(byte[] Token, int Rank)> lines = [];
        int offset = 0;
        foreach (Range range in content.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = content[range].TrimEnd((byte)'\r');
            if (!line.IsEmpty)
                lines.Add(ReadLine(line) ?? throw new ModelFormatException(file, range.Start.Value, "is no base64 token with its rank."));
            offset = range.End.Value;
        }
        return InOrder(file, offset, lines);
    }

    private static (byte[] Token, int Rank)? ReadLine(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        if (space <= 0 || !Utf8Parser.TryParse(line[(space + 1)..], out int rank, out int used) || used != line.Length - space - 1)
            return null;
        byte[] token = new byte[Base64.GetMaxDecodedFromUtf8Length(space)];
        return Base64.DecodeFromUtf8(line[..space], token, out _, out int length) == OperationStatus.Done && length > 0
            ? (token[..length], rank)
            : null;
    }

    private static byte[][] InOrder(string file, int end, List<(byte[] Token, int Rank)> lines)
    {
        byte[][] tokens = new byte[lines.Count][];
        foreach ((byte[] token, int rank) in lines)
        {
            if ((uint)rank >= (uint)tokens.Length || tokens[rank] is not null)
                throw new ModelFormatException(file, end, $"has rank {rank} twice, or too few tokens for it.");
            tokens[rank] = token;
        }
        return tokens;
    }
}
