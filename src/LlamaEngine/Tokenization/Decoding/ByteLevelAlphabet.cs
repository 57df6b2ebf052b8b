using System.Text;

namespace LlamaEngine.Tokenization.Decoding;

/// <summary>
/// GPT-2's alphabet: how vocabularies of byte-level tokenizers write bytes as visible characters. Printable Latin-1 stands for
/// itself; the other bytes, in order, are U+0100 and up (a space is Ġ).
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] s_characters = MakeCharacters();
    private static readonly Dictionary<char, byte> s_bytes = Enumerable.Range(0, 256).ToDictionary(b => s_characters[b], b => (byte)b);

    /// <summary>The character of a byte.</summary>
    public static char Character(byte value) => s_characters[value];

    /// <summary>The bytes that a token stands for; null if one of its characters is not of the alphabet.</summary>
    public static byte[]? TryGetBytes(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!s_bytes.TryGetValue(token[i], out bytes[i]))
                return null;
        }
        return bytes;
    }

    /// <summary>The bytes that a token stands for; a token with other characters stands for itself.</summary>
    public static byte[] GetBytes(string token) => TryGetBytes(token) ?? Encoding.UTF8.GetBytes(token);

    private static char[] MakeCharacters()
    {
        char[] characters = new char[256];
        int next = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = printable ? (char)value : (char)next++;
        }
        return characters;
    }
}
