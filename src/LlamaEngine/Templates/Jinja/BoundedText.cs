using System.Text;

namespace LlamaEngine.Templates.Jinja;

/// <summary>A string builder that refuses to grow beyond <see cref="Budget.MaxTextLength"/>.</summary>
internal sealed class BoundedText
{
    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public BoundedText Append(ReadOnlySpan<char> text)
    {
        Budget.CheckLength((long)_text.Length + text.Length);
        _text.Append(text);
        return this;
    }

    public BoundedText Append(char character, long count = 1)
    {
        Budget.CheckLength(_text.Length + Math.Max(count, 0));
        _text.Append(character, (int)Math.Max(count, 0));
        return this;
    }

    public BoundedText Append(string text, int count)
    {
        Budget.CheckLength(_text.Length + (long)text.Length * count);
        _text.Insert(_text.Length, text, count);
        return this;
    }

    public override string ToString() => _text.ToString();
}
