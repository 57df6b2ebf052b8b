namespace LlamaEngine.Tools;

/// <summary>Finds the end of a JSON object or array in a text that is still growing, each character looked at once.</summary>
/// <remarks>
/// It follows the grammar but for what single numbers and words look like, so that text which is no JSON is seen at once and not
/// waited for. Not thread-safe.
/// </remarks>
internal sealed class JsonScanner
{
    private const int MaxDepth = 64;

    private readonly Stack<char> _open = new();
    private Expected _expected;
    private int _position;
    private bool _isKey;

    private enum Expected
    {
        Start, Value, ValueOrEnd, Key, KeyOrEnd, Colon, CommaOrEnd, String, Escaped, Word, End, Nothing,
    }

    /// <summary>Begins anew, for another text.</summary>
    public void Reset()
    {
        _open.Clear();
        (_expected, _position) = (Expected.Start, 0);
    }

    /// <summary>Goes on where the last call stopped.</summary>
    /// <param name="text">The text of the last call with more behind it; it begins with the object or array.</param>
    /// <returns>Behind its end; 0: there is more to come; −1: it is no JSON.</returns>
    public int Scan(ReadOnlySpan<char> text)
    {
        while (_position < text.Length && _expected is not (Expected.End or Expected.Nothing))
            _expected = Take(text[_position++]);
        return _expected == Expected.End ? _position : _expected == Expected.Nothing ? -1 : 0;
    }

    private Expected Take(char c) => _expected switch
    {
        Expected.String => c switch
        {
            '"' => _isKey ? Expected.Colon : Expected.CommaOrEnd,
            '\\' => Expected.Escaped,
            < ' ' => Expected.Nothing,
            _ => Expected.String,
        },
        Expected.Escaped => Expected.String,
        Expected.Word when char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.' => Expected.Word,
        _ when c is ' ' or '\n' or '\r' or '\t' => _expected == Expected.Word ? Expected.CommaOrEnd : _expected,
        Expected.Colon => c == ':' ? Expected.Value : Expected.Nothing,
        Expected.Key or Expected.KeyOrEnd => c == '"' ? Open(isKey: true) : _expected == Expected.KeyOrEnd ? Close(c) : Expected.Nothing,
        Expected.CommaOrEnd or Expected.Word when c == ',' => _open.Peek() == '{' ? Expected.Key : Expected.Value,
        Expected.CommaOrEnd or Expected.Word => Close(c),
        Expected.ValueOrEnd when c == ']' => Close(c),
        Expected.Start when c is not ('{' or '[') => Expected.Nothing,
        _ => BeginValue(c),
    };

    private Expected BeginValue(char c)
    {
        if (c == '"')
            return Open(isKey: false);
        if (c is not ('{' or '['))
            return char.IsAsciiDigit(c) || c is '-' or 't' or 'f' or 'n' ? Expected.Word : Expected.Nothing;
        if (_open.Count == MaxDepth)
            return Expected.Nothing;
        _open.Push(c);
        return c == '{' ? Expected.KeyOrEnd : Expected.ValueOrEnd;
    }

    private Expected Open(bool isKey)
    {
        _isKey = isKey;
        return Expected.String;
    }

    private Expected Close(char c)
    {
        if (c != (_open.Peek() == '{' ? '}' : ']'))
            return Expected.Nothing;
        _open.Pop();
        return _open.Count == 0 ? Expected.End : Expected.CommaOrEnd;
    }
}
