namespace LlamaEngine.Templates.Jinja;

/// <summary>Splits a template into text and the tokens of its tags, and applies the rules of white space.</summary>
/// <remarks>
/// Set up as chat templates expect it: <c>trim_blocks</c> (a line end right after a block tag goes), <c>lstrip_blocks</c>
/// (blanks between the line's start and a block tag go); <c>-</c> in a tag strips all white space on its side, <c>+</c> none.
/// </remarks>
internal sealed class Lexer
{
    private readonly SourceText _source;
    private readonly List<Token> _tokens = [];

    /// <summary>True where the last tag's end, with all that was trimmed after it, reached a line's start.</summary>
    private bool _atLineStart = true;

    private Lexer(string source) => _source = new SourceText(source);

    /// <summary>All tokens of a template, <see cref="TokenKind.End"/> last.</summary>
    /// <exception cref="ModelFormatException">A tag, comment or string is not closed, or a character has no meaning.</exception>
    public static List<Token> Tokenize(string source)
    {
        Lexer lexer = new(source);
        while (!lexer._source.IsAtEnd)
            lexer.ReadTextAndTag();
        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private void ReadTextAndTag()
    {
        int start = _source.Position;
        int tag = FindTag(start);
        if (tag < 0)
        {
            AddText(_source.Text[start..]);
            _source.Position = _source.Text.Length;
            return;
        }
        char kind = _source.Text[tag + 1];
        char sign = tag + 2 < _source.Text.Length && _source.Text[tag + 2] is '-' or '+' ? _source.Text[tag + 2] : ' ';
        AddText(StripBeforeTag(_source.Text[start..tag], kind == '{' ? '+' : ' ', sign));
        _source.Position = tag + (sign == ' ' ? 2 : 3);
        ReadTag(kind);
        _atLineStart = _source.Text[_source.Position - 1] == '\n';
    }

    private void ReadTag(char kind)
    {
        if (kind == '#')
            SkipComment();
        else if (kind == '%' && TrySkipRawBegin())
            ReadRaw();
        else
            ReadExpressionTag(kind == '%');
    }

    private int FindTag(int start)
    {
        for (int at = start; (at = _source.Text.IndexOf('{', at)) >= 0; at++)
        {
            if (at + 1 < _source.Text.Length && _source.Text[at + 1] is '{' or '%' or '#')
                return at;
        }
        return -1;
    }

    /// <param name="sign">The sign in the tag.</param>
    /// <param name="unsigned">What no sign means: <c>+</c> for tags that never strip.</param>
    private string StripBeforeTag(string text, char unsigned, char sign)
    {
        if (sign == '-')
            return CodePoints.StripEnd(text);
        int lineStart = text.LastIndexOf('\n') + 1;
        bool strips = sign != '+' && unsigned != '+' && (lineStart > 0 || _atLineStart);
        return strips && CodePoints.StripStart(text[lineStart..]).Length == 0 ? text[..lineStart] : text;
    }

    private void SkipComment()
    {
        // As in jinja2, a comment that begins where the template ends needs no end.
        if (_source.IsAtEnd)
            return;
        int end = _source.Text.IndexOf("#}", _source.Position, StringComparison.Ordinal);
        if (end < 0)
            throw _source.Error("Missing end of comment tag");
        char sign = end > _source.Position ? _source.Text[end - 1] : ' ';
        _source.Position = end + 2;
        TrimAfterTag(sign);
    }

    private bool TrySkipRawBegin()
    {
        int start = _source.Position;
        _source.SkipSpace();
        if (_source.Skip("raw"))
        {
            _source.SkipSpace();
            // Unlike other blocks, this one keeps the line end after it: that is raw text already.
            if (_source.Skip("%}"))
                return true;
            if (_source.Skip("-%}"))
            {
                _source.SkipSpace();
                return true;
            }
        }
        _source.Position = start;
        return false;
    }

    private void ReadRaw()
    {
        int start = _source.Position;
        _atLineStart = _source.Text[start - 1] == '\n';
        for (int at = start; (at = _source.Text.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            _source.Position = at + 2;
            char sign = _source.Peek() is '-' or '+' ? _source.Peek() : ' ';
            _source.Position += sign == ' ' ? 0 : 1;
            if (!TrySkipRawEnd())
                continue;
            AddText(StripBeforeTag(_source.Text[start..at], ' ', sign));
            return;
        }
        throw _source.Error("Missing end of raw directive");
    }

    private bool TrySkipRawEnd()
    {
        _source.SkipSpace();
        if (!_source.Skip("endraw"))
            return false;
        _source.SkipSpace();
        return TrySkipBlockEnd();
    }

    private void ReadExpressionTag(bool isBlock)
    {
        Add(isBlock ? TokenKind.BlockBegin : TokenKind.PrintBegin, "");
        ExpressionLexer expressions = new(_source, _tokens);
        while (true)
        {
            _source.SkipSpace();
            if (expressions.IsBalanced && (isBlock ? TrySkipBlockEnd() : TrySkipPrintEnd()))
                break;
            if (_source.IsAtEnd)
                throw _source.Error($"unexpected end of template, expected '{(isBlock ? "%}" : "}}")}'.");
            expressions.Read();
        }
        Add(isBlock ? TokenKind.BlockEnd : TokenKind.PrintEnd, "");
    }

    private bool TrySkipBlockEnd()
    {
        char sign = _source.Peek();
        bool isEnd = _source.Skip("%}") || _source.Skip("-%}") || _source.Skip("+%}");
        if (isEnd)
            TrimAfterTag(sign);
        return isEnd;
    }

    private bool TrySkipPrintEnd()
    {
        if (_source.Skip("}}"))
            return true;
        if (!_source.Skip("-}}"))
            return false;
        _source.SkipSpace();
        return true;
    }

    private void TrimAfterTag(char sign)
    {
        if (sign == '-')
            _source.SkipSpace();
        else if (sign != '+')
            _source.Skip("\n");
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
            Add(TokenKind.Text, text);
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, null, _source.Line));
}
