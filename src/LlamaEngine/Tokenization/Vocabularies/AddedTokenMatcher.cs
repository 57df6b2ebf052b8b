using System.Text;
using LlamaEngine.Tokenization.Splitting;

namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>A stretch of text: an added token, or what stands between two.</summary>
/// <param name="Id">The token; −1 for text.</param>
internal readonly record struct AddedTokenMatch(int Start, int End, int Id);

/// <summary>Finds added tokens in text: the leftmost first, and the longest at each place.</summary>
/// <remarks>Immutable and thread-safe. Follows Hugging Face's tokenizers, also in that a match which does not count still hides others inside it.</remarks>
internal sealed class AddedTokenMatcher
{
    private readonly ByteTrie _trie = new();
    private readonly List<AddedToken> _tokens = [];

    /// <summary>Takes the tokens to look for, each with the text to look for.</summary>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        foreach ((AddedToken token, string text) in tokens)
        {
            if (text.Length == 0)
                continue;
            _trie.Add(Encoding.UTF8.GetBytes(text), _tokens.Count);
            _tokens.Add(token);
        }
        _trie.Freeze();
    }

    /// <summary>Finds the next token.</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="from">Where the last token ended.</param>
    /// <param name="allowSpecial">Special tokens count.</param>
    public bool TryFind(ReadOnlySpan<byte> text, int from, bool allowSpecial, out AddedTokenMatch match)
    {
        int position = from;
        while (!_trie.IsEmpty && _trie.TryFind(text, position, out int start, out int length, out int index))
        {
            AddedToken token = _tokens[index];
            position = start + length;
            if ((token.IsSpecial && !allowSpecial) || (token.IsSingleWord && !StandsAlone(text, start, position)))
                continue;
            match = new AddedTokenMatch(
                token.StripsLeft ? StartOfSpaces(text, from, start) : start,
                token.StripsRight ? EndOfSpaces(text, position) : position,
                token.Id);
            return true;
        }
        match = default;
        return false;
    }

    private static bool StandsAlone(ReadOnlySpan<byte> text, int start, int end)
    {
        Rune.DecodeLastFromUtf8(text[..start], out Rune before, out _);
        Rune.DecodeFromUtf8(text[end..], out Rune behind, out _);
        return (start == 0 || !WordCharacters.Contains(before)) && (end == text.Length || !WordCharacters.Contains(behind));
    }

    private static int StartOfSpaces(ReadOnlySpan<byte> text, int from, int start)
    {
        while (start > from)
        {
            Rune.DecodeLastFromUtf8(text[from..start], out Rune rune, out int length);
            if (!Rune.IsWhiteSpace(rune))
                break;
            start -= length;
        }
        return start;
    }

    private static int EndOfSpaces(ReadOnlySpan<byte> text, int end)
    {
        while (end < text.Length && CodePointClasses.At(text, end, out int length) >= CodePointClass.Space)
            end += length;
        return end;
    }
}
