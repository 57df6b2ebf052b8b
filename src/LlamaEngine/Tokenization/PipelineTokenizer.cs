using System.Buffers;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Normalization;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization;

/// <summary>The parts of a <see cref="PipelineTokenizer"/>, in the order in which text passes them.</summary>
internal sealed record PipelineParts
{
    /// <summary>The tokens.</summary>
    public required Vocabulary Vocabulary { get; init; }

    /// <summary>Which tokens begin and end a sequence.</summary>
    public required SequenceRules Rules { get; init; }

    /// <summary>Added tokens to look for in the text as given.</summary>
    public required AddedTokenMatcher AddedTokens { get; init; }

    /// <summary>Rewrites the text between them; null: it stays as it is.</summary>
    public TextNormalizer? Normalizer { get; init; }

    /// <summary>Added tokens to look for in the rewritten text.</summary>
    public required AddedTokenMatcher NormalizedAddedTokens { get; init; }

    /// <summary>Cut the text into pieces, one after the other.</summary>
    public required PreTokenizer[] PreTokenizers { get; init; }

    /// <summary>Turns pieces into tokens.</summary>
    public required BytePairModel Model { get; init; }

    /// <summary>What each token contributes to text.</summary>
    public required TokenBytes Bytes { get; init; }

    /// <summary>How tokens that are not byte-level are joined; null: the tokens are a stream of bytes.</summary>
    public PieceRules? PieceRules { get; init; }
}

/// <summary>
/// A tokenizer as Hugging Face's tokenizers describe it: added tokens are cut out, the rest is normalized, cut into pieces by a
/// split pattern, and each piece merged by byte-pair encoding.
/// </summary>
internal sealed class PipelineTokenizer(PipelineParts parts) : VocabularyTokenizer(parts.Vocabulary, parts.Rules)
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> GetBytes(int id) => parts.Bytes[id];

    /// <inheritdoc/>
    protected override TextJoiner CreateJoiner(bool skipSpecial)
    {
        Predicate<int>? skip = skipSpecial ? IsSpecial : null;
        return parts.PieceRules is { } pieceRules
            ? new PieceJoiner(pieceRules, skip)
            : new ByteStreamJoiner(parts.Bytes, skip);
    }

    /// <inheritdoc/>
    protected override void Encode(ReadOnlySpan<byte> text, bool allowSpecial, EncodingJob job)
    {
        int done = 0;
        while (done < text.Length && parts.AddedTokens.TryFind(text, done, allowSpecial, out AddedTokenMatch match))
        {
            EncodeGiven(text[done..match.Start], done == 0, allowSpecial, job);
            job.Ids.Add(match.Id);
            done = match.End;
        }
        EncodeGiven(text[done..], done == 0, allowSpecial, job);
    }

    private void EncodeGiven(ReadOnlySpan<byte> text, bool atStart, bool allowSpecial, EncodingJob job)
    {
        if (parts.Normalizer is null)
        {
            EncodeNormalized(text, atStart, allowSpecial, job);
            return;
        }
        var normalized = new ArrayBufferWriter<byte>(text.Length + 16);
        parts.Normalizer.Apply(text, normalized);
        EncodeNormalized(normalized.WrittenSpan, atStart, allowSpecial, job);
    }

    private void EncodeNormalized(ReadOnlySpan<byte> text, bool atStart, bool allowSpecial, EncodingJob job)
    {
        var pieces = new PieceSink(parts.PreTokenizers, parts.Model, job);
        int done = 0;
        while (done < text.Length && parts.NormalizedAddedTokens.TryFind(text, done, allowSpecial, out AddedTokenMatch match))
        {
            pieces.Accept(job.WithoutMarks(text[done..match.Start]), atStart && done == 0);
            job.Ids.Add(match.Id);
            done = match.End;
        }
        pieces.Accept(job.WithoutMarks(text[done..]), atStart && done == 0);
    }
}
