using System.Buffers;

namespace LlamaEngine.Tokenization.Decoding;

/// <summary>Puts the texts of tokens together, token by token, so that whole characters come out.</summary>
/// <remarks>Belongs to one sequence; not thread-safe.</remarks>
internal abstract class TextJoiner
{
    /// <summary>Takes the next token and appends the text that became complete.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public abstract void Append(int id, ArrayBufferWriter<byte> output);

    /// <summary>Appends what is left and starts anew.</summary>
    public abstract void Flush(ArrayBufferWriter<byte> output);
}
