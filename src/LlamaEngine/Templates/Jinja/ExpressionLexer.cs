using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Reads the tokens inside a tag: names, numbers, strings and operators.</summary>
internal sealed class ExpressionLexer(SourceText source, List<Token> tokens)
{
    private const int MaxNameLength = 255;

    private static readonly string[] s_operators =
    [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly Stack<char> _open = new();

    /// <summary>True if no bracket is open; only then can the tag end.</summary>
    public bool IsBalanced => _open.Count == 0;

    /// <summary>Reads one token, which must not begin with white space.</summary>
    public void Read()
    {
        char first = source.Peek();
        if (char.IsAsciiDigit(first))
            ReadNumber();
        else if (char.IsLetter(first) || first == '_')
            ReadName();
        else if (first is '\'' or '"')
            ReadString(first);
        else
            ReadOperator();
    }

    private void ReadName()
    {
        int start = source.Position;
        while (char.IsLetterOrDigit(source.Peek()) || source.Peek() == '_')
            source.Position++;
        if (source.Position - start > MaxNameLength)
            throw source.Error($"a name has more than {MaxNameLength} characters");
        Add(TokenKind.Name, source.Text[start..source.Position]);
    }

    private void ReadNumber()
    {
        int start = source.Position;
        int radix = (source.Peek(), source.Peek(1) | 32) switch { ('0', 'x') => 16, ('0', 'o') => 8, ('0', 'b') => 2, _ => 10 };
        bool isFloat = false;
        if (radix != 10)
            source.Position += 2;
        SkipDigits(radix);
        if (radix == 10)
            isFloat = SkipFraction() | SkipExponent();
        string text = source.Text[start..source.Position];
        tokens.Add(new Token(isFloat ? TokenKind.Float : TokenKind.Integer, text, Parse(text, isFloat), source.Line));
    }

    private object Parse(string text, bool isFloat)
    {
        if (isFloat)
            return double.Parse(text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        // Python reserves 07, once octal; only zeros may begin with zero.
        bool isReserved = text[0] == '0' && !text.Any(char.IsAsciiLetter) && text.Trim(['0', '_']).Length > 0;
        return !isReserved && Numbers.TryParseInteger(text, 0, out BigInteger integer) ? integer : throw source.Error($"{text} is not an integer");
    }

    private bool SkipFraction()
    {
        // A dot before a dot belongs to no number, and one after a number that follows a dot is an element (x.0.1).
        bool followsDot = tokens.Count > 0 && tokens[^1].IsOperator(".");
        if (followsDot || source.Peek() != '.' || !char.IsAsciiDigit(source.Peek(1)))
            return false;
        source.Position++;
        SkipDigits(10);
        return true;
    }

    private bool SkipExponent()
    {
        int sign = source.Peek(1) is '+' or '-' ? 1 : 0;
        if ((source.Peek() | 32) != 'e' || !char.IsAsciiDigit(source.Peek(1 + sign)))
            return false;
        source.Position += 1 + sign;
        SkipDigits(10);
        return true;
    }

    private void SkipDigits(int radix)
    {
        while (IsDigit(source.Peek(), radix) || (source.Peek() == '_' && IsDigit(source.Peek(1), radix)))
            source.Position++;
    }

    private static bool IsDigit(char character, int radix) =>
        radix == 16 ? char.IsAsciiHexDigit(character) : character >= '0' && character < '0' + radix;

    private void ReadString(char quote)
    {
        int start = ++source.Position;
        while (source.Peek() != quote)
        {
            source.Position += source.Peek() == '\\' ? 2 : 1;
            if (source.IsAtEnd)
            {
                source.Position = source.Text.Length;
                throw source.Error("a string is not closed");
            }
        }
        string value = StringEscapes.Decode(source.Text.AsSpan(start, source.Position - start), source);
        source.Position++;
        Add(TokenKind.String, value);
    }

    private void ReadOperator()
    {
        string sign = Array.Find(s_operators, source.StartsWith)
            ?? throw source.Error($"unexpected char {PythonText.Quote(source.Peek().ToString())}");
        Balance(sign[0]);
        source.Position += sign.Length;
        Add(TokenKind.Operator, sign);
    }

    private void Balance(char sign)
    {
        if (sign is '(' or '[' or '{')
            _open.Push(sign == '(' ? ')' : (char)(sign + 2));
        else if (sign is ')' or ']' or '}' && (!_open.TryPop(out char expected) || expected != sign))
            throw source.Error($"unexpected '{sign}'");
    }

    private void Add(TokenKind kind, string text) => tokens.Add(new Token(kind, text, null, source.Line));
}
