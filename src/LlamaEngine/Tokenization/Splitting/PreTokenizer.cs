using LlamaEngine.Tokenization.Merging;

namespace LlamaEngine.Tokenization.Splitting;

/// <summary>Cuts text into the pieces that are merged on their own.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal abstract class PreTokenizer
{
    /// <summary>Cuts a text and hands on each piece.</summary>
    /// <param name="text">Valid UTF-8, not empty.</param>
    /// <param name="atStart">The text starts where the whole input starts.</param>
    /// <param name="pieces">Takes the pieces.</param>
    public abstract void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink pieces);
}

/// <summary>Takes pieces: the next pre-tokenizer cuts them further, and behind the last one they become tokens.</summary>
/// <param name="rest">The pre-tokenizers that are still to come.</param>
internal readonly ref struct PieceSink(ReadOnlySpan<PreTokenizer> rest, BytePairModel model, EncodingJob job)
{
    private readonly ReadOnlySpan<PreTokenizer> _rest = rest;

    /// <summary>Takes a piece; an empty one is dropped.</summary>
    /// <param name="atStart">The piece starts where the whole input starts.</param>
    public void Accept(ReadOnlySpan<byte> piece, bool atStart)
    {
        if (piece.IsEmpty)
            return;
        if (_rest.IsEmpty)
            model.Encode(piece, job);
        else
            _rest[0].Split(piece, atStart, new PieceSink(_rest[1..], model, job));
    }
}
