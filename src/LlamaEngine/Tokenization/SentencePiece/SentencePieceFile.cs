using LlamaEngine.Tokenization.Json;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>Reads SentencePiece's tokenizer.model: the protocol buffers message ModelProto.</summary>
internal sealed class SentencePieceFile
{
    private readonly Vocabulary _vocabulary = new(1024);
    private readonly List<float> _scores = [];
    private readonly TrainerSpec _trainer = new();
    private readonly NormalizerSpec _normalizer = new();

    /// <summary>Reads a model.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="content">What is in the file.</param>
    /// <param name="config">What tokenizer_config.json says; it need not be there.</param>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The model is not BPE, or uses something that is not implemented.</exception>
    public static SentencePieceModel Read(string file, ReadOnlySpan<byte> content, TokenizerConfig config)
    {
        var parsed = new SentencePieceFile();
        parsed.ReadModel(new ProtobufReader(file, content, 0));
        if (parsed._scores.Count == 0)
            throw new ModelFormatException(file, 0, "has no pieces: it is no SentencePiece model.");
        parsed._trainer.RefuseOtherThanBytePairs();
        return parsed.Make(file, config);
    }

    private void ReadModel(ProtobufReader reader)
    {
        while (reader.TryNext())
        {
            switch (reader.Field)
            {
                case 1:
                    ReadPiece(reader.ReadMessage());
                    break;
                case 2:
                    _trainer.Read(reader.ReadMessage());
                    break;
                case 3:
                    _normalizer.Read(reader.ReadMessage());
                    break;
                case 5:
                    RefuseDenormalizer(reader.ReadMessage());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void ReadPiece(ProtobufReader reader)
    {
        string text = "";
        float score = 0;
        long kind = (long)TokenKind.Normal;
        while (reader.TryNext())
        {
            switch (reader.Field)
            {
                case 1:
                    text = reader.ReadText();
                    break;
                case 2:
                    score = reader.ReadFloat();
                    break;
                case 3:
                    kind = reader.ReadInteger();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (text.Length == 0 || float.IsNaN(score) || kind is < (long)TokenKind.Normal or > (long)TokenKind.Byte)
            throw reader.Damage($"piece {_scores.Count} ('{text}', score {score}, type {kind}) is not valid.");
        _vocabulary.TrySet(_scores.Count, text, (TokenKind)kind);
        _scores.Add(score);
    }

    private static void RefuseDenormalizer(ProtobufReader reader)
    {
        var denormalizer = new NormalizerSpec();
        denormalizer.Read(reader);
        if (denormalizer.CharsMap.Length > 0)
            throw new UnsupportedModelException("SentencePiece's denormalizer", "models without one");
    }

    private SentencePieceModel Make(string file, TokenizerConfig config) => new()
    {
        Vocabulary = _vocabulary,
        Scores = [.. _scores],
        UnknownId = FindUnknown(),
        UnknownSurface = _trainer.UnknownSurface,
        HasByteFallback = _trainer.HasByteFallback,
        AddsDummyPrefix = _normalizer.AddsDummyPrefix,
        RemovesExtraSpaces = _normalizer.RemovesExtraSpaces,
        EscapesSpaces = _normalizer.EscapesSpaces,
        PutsSpaceBehind = _trainer.PutsSpaceBehind,
        CharsMap = _normalizer.CharsMap.Length == 0 ? null : PrecompiledCharsMap.Read(file, _normalizer.CharsMap),
        Rules = MakeRules(config),
    };

    private int? FindUnknown()
    {
        for (int id = 0; id < _vocabulary.Count; id++)
        {
            if (_vocabulary.Kind(id) == TokenKind.Unknown)
                return id;
        }
        return null;
    }

    private SequenceRules MakeRules(TokenizerConfig config)
    {
        int? bos = RulesReader.Find(config.Bos, [_trainer.BosPiece], _vocabulary);
        return new SequenceRules
        {
            Bos = bos,
            Eos = RulesReader.Find(config.Eos, [_trainer.EosPiece], _vocabulary),
            AddsBos = config.AddsBos ?? bos is not null,
            AddsEos = config.AddsEos ?? false,
        };
    }
}
