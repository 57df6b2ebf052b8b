namespace LlamaEngine.Templates.Jinja;

/// <summary>A template's source with normalized line ends, and the place reached in it.</summary>
internal sealed class SourceText
{
    private int _countedTo;
    private int _line = 1;

    public SourceText(string source)
    {
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        // As jinja2 does by default, one line end at the very end of a template is not part of it.
        Text = text.EndsWith('\n') ? text[..^1] : text;
    }

    public string Text { get; }

    public int Position { get; set; }

    public bool IsAtEnd => Position >= Text.Length;

    /// <summary>Line of the current position, from 1.</summary>
    public int Line
    {
        get
        {
            _line += Text.AsSpan(_countedTo, Position - _countedTo).Count('\n');
            _countedTo = Position;
            return _line;
        }
    }

    /// <summary>The character at a distance from the current position; NUL beyond the end.</summary>
    public char Peek(int distance = 0) => Position + distance < Text.Length ? Text[Position + distance] : '\0';

    public bool StartsWith(string text) => Text.AsSpan(Position).StartsWith(text, StringComparison.Ordinal);

    /// <summary>Goes past the text if it stands here.</summary>
    public bool Skip(string text)
    {
        bool isHere = StartsWith(text);
        Position += isHere ? text.Length : 0;
        return isHere;
    }

    public void SkipSpace()
    {
        while (!IsAtEnd && CodePoints.IsSpace(Text[Position]))
            Position++;
    }

    public ModelFormatException Error(string problem) => ErrorAt(Line, problem);

    public static ModelFormatException ErrorAt(int line, string problem) => new("chat template", null, $"line {line}: {problem}");
}
