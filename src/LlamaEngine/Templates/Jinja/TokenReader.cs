using System.Runtime.CompilerServices;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The parser's view of the tokens: the current one, the next, and how deep the source is nested.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens)
{
    /// <summary>Most blocks and brackets that may stand inside one another.</summary>
    public const int MaxDepth = 120;

    private int _position;
    private int _depth;

    public Token Current => tokens[_position];

    public Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    /// <summary>Returns the current token and goes on to the next.</summary>
    public Token Take()
    {
        Token token = Current;
        _position = Math.Min(_position + 1, tokens.Count - 1);
        return token;
    }

    public bool SkipName(string name) => Skip(Current.IsName(name));

    public bool SkipOperator(string sign) => Skip(Current.IsOperator(sign));

    public void ExpectOperator(string sign)
    {
        if (!SkipOperator(sign))
            throw Unexpected(sign);
    }

    public void ExpectName(string name)
    {
        if (!SkipName(name))
            throw Unexpected(name);
    }

    public string ExpectAnyName() => Current.Kind == TokenKind.Name ? Take().Text : throw Unexpected("name");

    public void Expect(TokenKind kind)
    {
        if (!Skip(Current.Kind == kind))
            throw Unexpected(new Token(kind, "", null, 0).Description);
    }

    /// <summary>Parses what is one level deeper.</summary>
    public T Nested<T>(Func<T> parse)
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Error($"nested too deep (the limit is {MaxDepth})");
        T result = parse();
        _depth--;
        return result;
    }

    public ModelFormatException Error(string problem) => SourceText.ErrorAt(Current.Line, problem);

    public ModelFormatException Unexpected(string expected) => Current.Kind == TokenKind.End
        ? Error($"unexpected end of template, expected '{expected}'.")
        : Error($"expected token '{expected}', got '{Current.Description}'");

    private bool Skip(bool matches)
    {
        if (matches)
            Take();
        return matches;
    }
}
