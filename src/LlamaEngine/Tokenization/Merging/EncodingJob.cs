using System.Text;

namespace LlamaEngine.Tokenization.Merging;

/// <summary>What one call of Encode works with: the ids so far and the memory for merging.</summary>
/// <param name="mark">A character that is not part of the text: it only keeps special tokens apart (<see cref="Tokenizer.EncodeMarked"/>). Null: there is none.</param>
internal sealed class EncodingJob(char? mark = null)
{
    private readonly byte[] _mark = mark is { } character ? Encoding.UTF8.GetBytes([character]) : [];

    /// <summary>The ids so far.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>Merges one word after the other.</summary>
    public MergeEngine Engine { get; } = new();

    /// <summary>Text between special tokens, as it is meant.</summary>
    public ReadOnlySpan<byte> WithoutMarks(ReadOnlySpan<byte> text)
    {
        if (_mark.Length == 0 || text.IndexOf(_mark) < 0)
            return text;
        byte[] copy = new byte[text.Length];
        int length = 0;
        for (int next; (next = text.IndexOf(_mark)) >= 0; text = text[(next + _mark.Length)..])
        {
            text[..next].CopyTo(copy.AsSpan(length));
            length += next;
        }
        text.CopyTo(copy.AsSpan(length));
        return copy.AsSpan(0, length + text.Length);
    }
}
