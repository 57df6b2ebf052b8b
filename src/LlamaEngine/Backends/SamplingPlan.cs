namespace LlamaEngine.Backends;

/// <summary>How the rows of one step are sampled on the device: written by <see cref="Sampling.DeviceSampling"/>, copied there with the batch plan.</summary>
/// <remarks>Fixed capacity, no allocation while filling; arrays are pinned, so that a device can read them. What does not fit is refused.</remarks>
internal sealed class SamplingPlan
{
    private readonly RowSampling[] _rows;
    private readonly LogitAdjustment[] _adjustments;
    private readonly SeenToken[] _seen;
    private readonly int[] _places; // of each token in _seen, counted from 1; all 0 between two rows
    private int _rowCount, _skippedRows, _adjustmentCount, _seenCount;

    /// <summary>Creates an empty plan.</summary>
    /// <param name="vocabularySize">Logits a row has.</param>
    /// <param name="maxRows">Most rows.</param>
    /// <param name="maxAdjustments">Most adjustments, all rows together.</param>
    /// <param name="maxSeen">Most tokens of penalty windows, all rows together.</param>
    public SamplingPlan(int vocabularySize, int maxRows, int maxAdjustments, int maxSeen)
    {
        _rows = GC.AllocateArray<RowSampling>(maxRows, pinned: true);
        _adjustments = GC.AllocateArray<LogitAdjustment>(maxAdjustments, pinned: true);
        _seen = GC.AllocateArray<SeenToken>(maxSeen, pinned: true);
        _places = new int[vocabularySize];
    }

    /// <summary>Logits a row has.</summary>
    public int VocabularySize => _places.Length;

    /// <summary>Most rows, adjustments and seen tokens.</summary>
    public (int Rows, int Adjustments, int Seen) Capacity => (_rows.Length, _adjustments.Length, _seen.Length);

    /// <summary>The rows. What is drawn for row r stands at r of the drawn tokens.</summary>
    public ReadOnlySpan<RowSampling> Rows => _rows.AsSpan(0, _rowCount);

    /// <summary>Rows that are sampled.</summary>
    public int DrawCount => _rowCount - _skippedRows;

    /// <summary>Of all rows, one row's behind another's: biases and forbidden tokens.</summary>
    public ReadOnlySpan<LogitAdjustment> Adjustments => _adjustments.AsSpan(0, _adjustmentCount);

    /// <summary>Of all rows, one row's behind another's: tokens that penalties see.</summary>
    public ReadOnlySpan<SeenToken> Seen => _seen.AsSpan(0, _seenCount);

    /// <summary>Empties the plan.</summary>
    public void Clear() => _rowCount = _skippedRows = _adjustmentCount = _seenCount = 0;

    /// <summary>Has all rows gone that were added after the first <paramref name="count"/>.</summary>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _rowCount);
        if (count == _rowCount)
            return;
        foreach (RowSampling row in Rows[count..])
            _skippedRows -= row.LogitRow < 0 ? 1 : 0;
        (_adjustmentCount, _seenCount) = (_rows[count].FirstAdjustment, _rows[count].FirstSeen);
        _rowCount = count;
    }

    /// <summary>Adds a row that is not sampled; false: the plan is full.</summary>
    public bool TrySkip()
    {
        if (_rowCount == _rows.Length)
            return false;
        Begin().LogitRow = -1;
        _skippedRows++;
        return true;
    }

    /// <summary>Adds a row without adjustments, seen tokens, pending token and mask; there is room.</summary>
    internal ref RowSampling Begin()
    {
        ref RowSampling row = ref _rows[_rowCount++];
        row = new RowSampling { PendingToken = -1, Mask = -1, FirstAdjustment = _adjustmentCount, FirstSeen = _seenCount };
        return ref row;
    }

    /// <summary>Adjusts a token's logit in the last row; false: the plan is full.</summary>
    internal bool TryAdjust(int token, float bias)
    {
        if (_adjustmentCount == _adjustments.Length)
            return false;
        _adjustments[_adjustmentCount++] = new LogitAdjustment(token, bias);
        _rows[_rowCount - 1].AdjustmentCount++;
        return true;
    }

    /// <summary>Counts a window's tokens for the last row, once a row; false: the plan is full.</summary>
    /// <param name="window">Tokens outside the vocabulary count for nothing.</param>
    /// <param name="promptCount">How many of them are the prompt's.</param>
    internal bool TrySee(ReadOnlySpan<int> window, int promptCount)
    {
        int first = _seenCount;
        bool fits = true;
        for (int i = 0; i < window.Length && fits; i++)
            fits = (uint)window[i] >= (uint)_places.Length || TryCount(window[i], i < promptCount ? 0 : 1);
        for (int i = first; i < _seenCount; i++)
            _places[_seen[i].Token] = 0;
        _rows[_rowCount - 1].SeenCount = _seenCount - first;
        return fits;
    }

    private bool TryCount(int token, int generated)
    {
        ref int place = ref _places[token];
        if (place == 0)
        {
            if (_seenCount == _seen.Length)
                return false;
            _seen[_seenCount++] = new SeenToken(token, 0);
            place = _seenCount;
        }
        _seen[place - 1].Generated += generated;
        return true;
    }
}
