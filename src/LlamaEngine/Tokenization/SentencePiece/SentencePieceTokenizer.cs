using System.Buffers;
using System.Globalization;
using System.Text;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>A tokenizer as SentencePiece has it: the whole text is normalized, and merged by the pieces' scores.</summary>
internal sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    private readonly SentencePieceModel _model;
    private readonly PieceModel _pieces;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly ByteTrie _special = new();
    private readonly TokenBytes _bytes;

    /// <summary>Makes the tokenizer of a model.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <exception cref="ModelFormatException">The model contradicts itself.</exception>
    public SentencePieceTokenizer(string file, SentencePieceModel model)
        : base(model.Vocabulary, model.Rules)
    {
        _model = model;
        _pieces = new PieceModel(file, model);
        _normalizer = new SentencePieceNormalizer(model, _pieces.UserDefined);
        _bytes = new TokenBytes(model.Vocabulary.Count, id => BytesOf(file, model, id));
        for (int id = 0; id < model.Vocabulary.Count; id++)
        {
            if (IsSpecial(id) && model.Vocabulary.Text(id).Length > 0)
                _special.Add(Encoding.UTF8.GetBytes(model.Vocabulary.Text(id)), id);
        }
        _special.Freeze();
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> GetBytes(int id) => _bytes[id];

    /// <inheritdoc/>
    protected override TextJoiner CreateJoiner(bool skipSpecial) => new SentencePieceJoiner(_model, _bytes, skipSpecial);

    /// <inheritdoc/>
    protected override void Encode(ReadOnlySpan<byte> text, bool allowSpecial, EncodingJob job)
    {
        int done = 0;
        while (allowSpecial && _special.TryFind(text, done, out int start, out int length, out int id))
        {
            EncodeText(text[done..start], job);
            job.Ids.Add(id);
            done = start + length;
        }
        EncodeText(text[done..], job);
    }

    private void EncodeText(ReadOnlySpan<byte> text, EncodingJob job)
    {
        var normalized = new ArrayBufferWriter<byte>(text.Length + text.Length / 2 + 16);
        _normalizer.Normalize(job.WithoutMarks(text), normalized);
        _pieces.Encode(normalized.WrittenSpan, job);
    }

    private static byte[] BytesOf(string file, SentencePieceModel model, int id)
    {
        string text = model.Vocabulary.Text(id);
        return model.Vocabulary.Kind(id) switch
        {
            TokenKind.Control => [],
            TokenKind.Unknown => Encoding.UTF8.GetBytes(model.UnknownSurface),
            TokenKind.Byte => ByteOf(text) is { } value ? [value] : throw new ModelFormatException(file, null, $"byte piece {id} is '{text}'."),
            _ => Encoding.UTF8.GetBytes(text.Replace('\u2581', ' ')),
        };
    }

    private static byte? ByteOf(string text) =>
        text is ['<', '0', 'x', _, _, '>']
        && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;
}
