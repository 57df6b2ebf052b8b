using System.Buffers;
using System.Text;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization;

/// <summary>What all tokenizers share: a vocabulary, the rules of a sequence, and the way from UTF-16 to UTF-8 and back.</summary>
internal abstract class VocabularyTokenizer(Vocabulary vocabulary, SequenceRules rules) : Tokenizer
{
    /// <inheritdoc/>
    public sealed override int VocabularySize => vocabulary.Count;

    /// <inheritdoc/>
    public sealed override int? BosTokenId => rules.Bos;

    /// <inheritdoc/>
    public sealed override int? EosTokenId => rules.Eos;

    /// <inheritdoc/>
    public sealed override bool AddsBos => rules.AddsBos;

    /// <inheritdoc/>
    public sealed override bool AddsEos => rules.AddsEos;

    /// <inheritdoc/>
    public sealed override int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false) => Encode(text, allowSpecial, new EncodingJob());

    /// <inheritdoc/>
    internal sealed override int[] EncodeMarked(ReadOnlySpan<char> text, char mark) => Encode(text, allowSpecial: true, new EncodingJob(mark));

    private int[] Encode(ReadOnlySpan<char> text, bool allowSpecial, EncodingJob job)
    {
        // .NET writes an unpaired surrogate as U+FFFD, so that all that follows may rely on valid UTF-8.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        int length = Encoding.UTF8.GetBytes(text, buffer);
        Encode(buffer.AsSpan(0, length), allowSpecial, job);
        ArrayPool<byte>.Shared.Return(buffer);
        return [.. job.Ids];
    }

    /// <inheritdoc/>
    public sealed override string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false) =>
        JoiningDecoder.Decode(CreateJoiner(skipSpecial), ids);

    /// <inheritdoc/>
    public sealed override TokenDecoder CreateDecoder(bool skipSpecial = true) => new JoiningDecoder(CreateJoiner(skipSpecial));

    /// <inheritdoc/>
    public sealed override bool IsSpecial(int id) => vocabulary.Kind(id) is TokenKind.Control or TokenKind.Unknown;

    /// <inheritdoc/>
    public sealed override bool TryGetId(string token, out int id) => vocabulary.TryGetId(token, out id);

    /// <inheritdoc/>
    public sealed override string GetToken(int id) => vocabulary.Text(id);

    /// <summary>Appends the ids of a text to those of the job.</summary>
    /// <param name="text">Valid UTF-8.</param>
    protected abstract void Encode(ReadOnlySpan<byte> text, bool allowSpecial, EncodingJob job);

    /// <summary>Makes the joiner for one sequence.</summary>
    protected abstract TextJoiner CreateJoiner(bool skipSpecial);
}
