namespace LlamaEngine.Templates.Jinja;

internal enum TokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,
    PrintBegin,
    PrintEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A piece of a template's source.</summary>
/// <param name="Text">The text, name or operator; a string's value.</param>
/// <param name="Number">A number's value.</param>
/// <param name="Line">Line it begins in, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, object? Number, int Line)
{
    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    public bool IsOperator(string sign) => Kind == TokenKind.Operator && Text == sign;

    /// <summary>How messages call the token.</summary>
    public string Description => Kind switch
    {
        TokenKind.End => "end of template",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.PrintBegin => "begin of print statement",
        TokenKind.PrintEnd => "end of print statement",
        _ => Text,
    };
}
