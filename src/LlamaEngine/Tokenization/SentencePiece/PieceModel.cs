using System.Text;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>Turns normalized text into pieces, as SentencePiece's BPE does (Kudo and Richardson, 2018).</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class PieceModel
{
    private readonly TokenTable _pieces;
    private readonly uint[] _ranks;
    private readonly bool[]? _isUnused;
    private readonly int[]? _byteTokens;
    private readonly int? _unknownId;
    private readonly bool _wordsStandAlone;
    private readonly CanonicalTokens _canonical;

    /// <summary>Prepares a model for encoding.</summary>
    /// <exception cref="ModelFormatException">A byte piece is missing.</exception>
    public PieceModel(string file, SentencePieceModel model)
    {
        Vocabulary vocabulary = model.Vocabulary;
        _pieces = new TokenTable(vocabulary.Count);
        _ranks = ScoreRanks.Make(model.Scores);
        _unknownId = model.UnknownId;
        _canonical = new CanonicalTokens(vocabulary.Count);
        _wordsStandAlone = model.EscapesSpaces && !model.PutsSpaceBehind;
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.Kind(id) is not (TokenKind.Normal or TokenKind.UserDefined or TokenKind.Unused))
                continue;
            byte[] text = Encoding.UTF8.GetBytes(vocabulary.Text(id));
            _pieces.TryAdd(text, id);
            _wordsStandAlone &= SpaceSignWords.Allows(text);
            if (vocabulary.Kind(id) == TokenKind.Unused)
                (_isUnused ??= new bool[vocabulary.Count])[id] = true;
            else if (vocabulary.Kind(id) == TokenKind.UserDefined)
                UserDefined.Add(text, id);
        }
        UserDefined.Freeze();
        _byteTokens = model.HasByteFallback ? FindByteTokens(file, vocabulary) : null;
    }

    /// <summary>The pieces that are always cut out whole.</summary>
    public ByteTrie UserDefined { get; } = new();

    /// <summary>Appends the pieces of a text to the job's ids.</summary>
    /// <param name="text">Normalized text.</param>
    public void Encode(ReadOnlySpan<byte> text, EncodingJob job)
    {
        UnusedPieceCuts? cuts = _isUnused is null ? null : new UnusedPieceCuts(_isUnused);
        int done = 0;
        while (UserDefined.TryFind(text, done, out int start, out int length, out int id))
        {
            EncodeWords(text[done..start], cuts, job);
            job.Ids.Add(id);
            done = start + length;
        }
        EncodeWords(text[done..], cuts, job);
    }

    private void EncodeWords(ReadOnlySpan<byte> text, UnusedPieceCuts? cuts, EncodingJob job)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = _wordsStandAlone ? SpaceSignWords.End(text, start) : text.Length;
            EncodeWord(text[start..end], cuts, job);
        }
    }

    private void EncodeWord(ReadOnlySpan<byte> word, UnusedPieceCuts? cuts, EncodingJob job)
    {
        if (_pieces.TryGet(word, out int whole) && IsAnswerForItself(word, whole, cuts, job.Engine))
        {
            job.Ids.Add(whole);
            return;
        }
        Merge(word, cuts, job.Engine);
        foreach (ref readonly Symbol symbol in job.Engine.Symbols)
            AddIds(word.Slice(symbol.Start, symbol.Length), symbol.Id, cuts, job.Ids);
    }

    private bool IsAnswerForItself(ReadOnlySpan<byte> word, int id, UnusedPieceCuts? cuts, MergeEngine engine)
    {
        if (_canonical[id] is { } known)
            return known;
        Merge(word, cuts, engine);
        bool canonical = engine.Symbols.Length == 1 && engine.Symbols[0].Id == id && _isUnused?[id] != true;
        _canonical[id] = canonical;
        return canonical;
    }

    private void Merge(ReadOnlySpan<byte> word, UnusedPieceCuts? cuts, MergeEngine engine)
    {
        engine.Clear();
        for (int i = 0, length; i < word.Length; i += length)
        {
            CodePointClasses.Decode(word, i, out length);
            engine.Add(i, length, _pieces.TryGet(word.Slice(i, length), out int id) ? id : -1);
        }
        engine.Run(new PieceRule(_pieces, _ranks, cuts), word);
    }

    private void AddIds(ReadOnlySpan<byte> piece, int id, UnusedPieceCuts? cuts, List<int> ids)
    {
        if (id < 0)
            AddUnknown(piece, ids);
        else if (cuts is not null && cuts.TryGet(id, out _))
            AddCut(piece, id, cuts, ids);
        else
            ids.Add(id);
    }

    // An unused piece is cut where its halves met, and so on. A stack of our own: a model may nest pieces deeply.
    private void AddCut(ReadOnlySpan<byte> piece, int id, UnusedPieceCuts cuts, List<int> ids)
    {
        Stack<(int Start, int Length, int Id)> open = new([(0, piece.Length, id)]);
        while (open.TryPop(out var part))
        {
            if (part.Id < 0 || !cuts.TryGet(part.Id, out int left))
            {
                AddIds(piece.Slice(part.Start, part.Length), part.Id, null, ids);
                continue;
            }
            open.Push(Part(piece, part.Start + left, part.Length - left));
            open.Push(Part(piece, part.Start, left));
        }
    }

    private (int Start, int Length, int Id) Part(ReadOnlySpan<byte> piece, int start, int length) =>
        (start, length, _pieces.TryGet(piece.Slice(start, length), out int id) ? id : -1);

    private void AddUnknown(ReadOnlySpan<byte> piece, List<int> ids)
    {
        if (_byteTokens is not null)
        {
            foreach (byte value in piece)
                ids.Add(_byteTokens[value]);
        }
        else if (_unknownId is { } unknown && (ids.Count == 0 || ids[^1] != unknown))
        {
            // Unknown characters in a row are one unknown piece.
            ids.Add(unknown);
        }
    }

    private static int[] FindByteTokens(string file, Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++)
        {
            ids[value] = vocabulary.TryGetId($"<0x{value:X2}>", out int id)
                ? id
                : throw new ModelFormatException(file, null, $"has byte fallback, but no piece <0x{value:X2}>.");
        }
        return ids;
    }
}
