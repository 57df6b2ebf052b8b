using System.Buffers;
using System.Text;

namespace LlamaEngine.Tokenization.Decoding;

/// <summary>The incremental decoder of every tokenizer: a joiner whose output is taken away as it comes.</summary>
internal sealed class JoiningDecoder(TextJoiner joiner) : TokenDecoder
{
    private readonly ArrayBufferWriter<byte> _output = new();

    /// <inheritdoc/>
    public override string Append(int id)
    {
        joiner.Append(id, _output);
        return Take();
    }

    /// <inheritdoc/>
    public override string Flush()
    {
        joiner.Flush(_output);
        return Take();
    }

    /// <summary>Decodes a whole sequence.</summary>
    public static string Decode(TextJoiner joiner, ReadOnlySpan<int> ids)
    {
        var output = new ArrayBufferWriter<byte>(ids.Length * 4 + 16);
        foreach (int id in ids)
            joiner.Append(id, output);
        joiner.Flush(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private string Take()
    {
        string text = Encoding.UTF8.GetString(_output.WrittenSpan);
        _output.ResetWrittenCount();
        return text;
    }
}
