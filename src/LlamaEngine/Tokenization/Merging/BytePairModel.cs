using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Merging;

/// <summary>What a byte-pair model consists of.</summary>
internal sealed record BytePairParts
{
    /// <summary>All tokens by their bytes.</summary>
    public required TokenTable Tokens { get; init; }

    /// <summary>The merges.</summary>
    public required PairRanks Pairs { get; init; }

    /// <summary>Number of ids that <see cref="Tokens"/> may give.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Words start as single bytes; otherwise as characters.</summary>
    public required bool StartsFromBytes { get; init; }

    /// <summary>A word that is a token is that token, whatever merging would give (Llama 3).</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>The ids of the 256 bytes, which stand in for a character without a token (−1 for a byte without one); null if there are none.</summary>
    public int[]? ByteTokens { get; init; }

    /// <summary>The id for what cannot be expressed; null: it is left out.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Unknown characters in a row give one id.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Spaces are ▁, and no token has one behind another character: see <see cref="SpaceSignWords"/>.</summary>
    public bool WordsStandAlone { get; init; }
}

/// <summary>Turns a piece of text into tokens by byte-pair encoding.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class BytePairModel(BytePairParts parts)
{
    private readonly CanonicalTokens _canonical = new(parts.VocabularySize);
    private readonly int[] _singleBytes = FindSingleBytes(parts.Tokens);

    /// <summary>Appends the tokens of a piece to the job's ids.</summary>
    public void Encode(ReadOnlySpan<byte> piece, EncodingJob job)
    {
        if (!parts.WordsStandAlone)
        {
            EncodeWord(piece, job);
            return;
        }
        for (int start = 0, end; start < piece.Length; start = end)
        {
            end = SpaceSignWords.End(piece, start);
            EncodeWord(piece[start..end], job);
        }
    }

    private void EncodeWord(ReadOnlySpan<byte> piece, EncodingJob job)
    {
        if (parts.Tokens.TryGet(piece, out int whole) && IsAnswerForItself(piece, whole, job.Engine))
        {
            job.Ids.Add(whole);
            return;
        }
        Merge(piece, job.Engine);
        foreach (ref readonly Symbol symbol in job.Engine.Symbols)
            job.Ids.Add(symbol.Id);
    }

    private bool IsAnswerForItself(ReadOnlySpan<byte> piece, int id, MergeEngine engine)
    {
        if (parts.IgnoresMerges)
            return true;
        if (_canonical[id] is { } known)
            return known;
        Merge(piece, engine);
        bool canonical = engine.Symbols.Length == 1 && engine.Symbols[0].Id == id;
        _canonical[id] = canonical;
        return canonical;
    }

    private void Merge(ReadOnlySpan<byte> piece, MergeEngine engine)
    {
        engine.Clear();
        AddSymbols(piece, engine);
        engine.Run(new PairRule(parts.Pairs), piece);
    }

    private void AddSymbols(ReadOnlySpan<byte> piece, MergeEngine engine)
    {
        int unknownLength = 0;
        for (int i = 0, length; i < piece.Length; i += length)
        {
            length = 1;
            if (!parts.StartsFromBytes)
                CodePointClasses.Decode(piece, i, out length);
            if (TryFindSymbol(piece.Slice(i, length), out int id))
            {
                AddUnknown(engine, i, ref unknownLength);
                engine.Add(i, length, id);
            }
            else if (parts.ByteTokens is { } byteTokens && HasAll(byteTokens, piece.Slice(i, length)))
            {
                for (int j = i; j < i + length; j++)
                    engine.Add(j, 1, byteTokens[piece[j]]);
            }
            else
            {
                if (!parts.FusesUnknown)
                    AddUnknown(engine, i, ref unknownLength);
                unknownLength += length;
            }
        }
        AddUnknown(engine, piece.Length, ref unknownLength);
    }

    private bool TryFindSymbol(ReadOnlySpan<byte> symbol, out int id)
    {
        if (symbol.Length > 1)
            return parts.Tokens.TryGet(symbol, out id);
        id = _singleBytes[symbol[0]];
        return id >= 0;
    }

    private static int[] FindSingleBytes(TokenTable tokens)
    {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++)
            ids[value] = tokens.TryGet([(byte)value], out int id) ? id : -1;
        return ids;
    }

    private static bool HasAll(int[] byteTokens, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (byteTokens[value] < 0)
                return false;
        }
        return true;
    }

    private void AddUnknown(MergeEngine engine, int end, ref int length)
    {
        if (length > 0 && parts.UnknownId is { } id)
            engine.Add(end - length, length, id);
        length = 0;
    }
}
