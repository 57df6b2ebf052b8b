using System.Text.Unicode;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>
/// A tokenizer's tokens as bytes, and what is known of them whatever the grammar: which consist of whole characters that stand for themselves in
/// a JSON string (the plain ones), and how many.
/// </summary>
/// <remarks>Immutable and thread-safe, but for masks that are made when they are first needed, which are the same whoever makes them.</remarks>
internal sealed class TokenVocabulary
{
    private readonly byte[][] _bytes;

    // Characters of a plain token; 0: it is not plain.
    private readonly int[] _plainLengths;
    private readonly ulong[]?[] _plainMasks;

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="size">Logits a row has; ids beyond the tokenizer's are never allowed.</param>
    /// <exception cref="InvalidOperationException">The tokenizer does not put tokens together byte by byte.</exception>
    public TokenVocabulary(Tokenizer tokenizer, int size)
    {
        Size = size;
        _bytes = new byte[size][];
        _plainLengths = new int[size];
        for (int token = 0; token < size; token++)
        {
            bool special = token >= tokenizer.VocabularySize || tokenizer.IsSpecial(token);
            _bytes[token] = special ? [] : tokenizer.GetBytes(token).ToArray();
            _plainLengths[token] = PlainLength(_bytes[token]);
        }
        if (!HasAllBytes(_bytes))
            DropBrokenCharacters();
        CheckJoining(tokenizer);
        _plainMasks = new ulong[]?[_plainLengths.Max() + 1];
        var all = _bytes.Select((bytes, token) => (token, bytes)).ToArray();
        All = new TokenTrie(all);
        Plain = new TokenTrie(all.Where(pair => _plainLengths[pair.token] > 0));
        NotPlain = new TokenTrie(all.Where(pair => _plainLengths[pair.token] == 0));
    }

    /// <summary>Logits a row has.</summary>
    public int Size { get; }

    /// <summary>Words of 64 bits that a mask takes.</summary>
    public int Words => (Size + 63) / 64;

    /// <summary>All tokens but special ones.</summary>
    public TokenTrie All { get; }

    /// <summary>The plain ones.</summary>
    public TokenTrie Plain { get; }

    /// <summary>Those that are not plain.</summary>
    public TokenTrie NotPlain { get; }

    /// <summary>The bytes of a token; none for special ones.</summary>
    public ReadOnlySpan<byte> Bytes(int token) => _bytes[token];

    /// <summary>The mask of plain tokens of at most so many characters.</summary>
    public ReadOnlySpan<ulong> PlainMask(int most)
    {
        most = Math.Min(most, _plainMasks.Length - 1);
        return _plainMasks[most] ??= CreatePlainMask(most);
    }

    private ulong[] CreatePlainMask(int most)
    {
        var mask = new ulong[Words];
        for (int token = 0; token < Size; token++)
        {
            if (_plainLengths[token] is var length && length > 0 && length <= most)
                mask[token >> 6] |= 1UL << token;
        }
        return mask;
    }

    private static int PlainLength(byte[] bytes)
    {
        foreach (byte value in bytes)
        {
            if (value is < 0x20 or (byte)'"' or (byte)'\\')
                return 0;
        }
        return Utf8.IsValid(bytes) ? bytes.Count(value => (value & 0xC0) != 0x80) : 0;
    }

    // Every byte is a token in vocabularies made from bytes. In others a character must not be begun that could not be ended.
    private static bool HasAllBytes(byte[][] tokens)
    {
        var found = new HashSet<byte>(tokens.Where(bytes => bytes.Length == 1).Select(bytes => bytes[0]));
        return Enumerable.Range(0x80, 0x40).All(value => found.Contains((byte)value));
    }

    private void DropBrokenCharacters()
    {
        for (int token = 0; token < Size; token++)
        {
            if (!Utf8.IsValid(_bytes[token]))
                _bytes[token] = [];
        }
    }

    private void CheckJoining(Tokenizer tokenizer)
    {
        int[] single = new int[256];
        for (int token = 0; token < Size; token++)
        {
            if (_bytes[token] is [var value])
                single[value] = token;
        }
        // With these every value can be written to its end, whatever else is missing: an escape stands for any character.
        for (char value = ' '; value <= '~'; value++)
        {
            if (_bytes[single[value]] is not [var own] || own != value)
                throw new InvalidOperationException($"The tokenizer has no token '{value}', so JSON cannot be generated.");
        }
        if (tokenizer.Decode([single['{'], single['"'], single[':'], single['}']]) != "{\":}")
            throw new InvalidOperationException("The tokenizer puts something between tokens, so JSON cannot be generated.");
    }
}
