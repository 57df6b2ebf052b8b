namespace LlamaEngine.Backends;

/// <summary>
/// What one forward pass computes: the tokens of many sequences, prefill and decode mixed, one behind another (a ragged batch).
/// Written by the scheduler, read by every operation.
/// </summary>
/// <remarks>
/// Fixed capacity, no allocation while filling; arrays are pinned, so that a device can read them. Rows of one sequence are
/// neighbours with ascending positions. A sequence's keys and values up to and including its last row's position are
/// found through its block table: position p stands in block table[p / blockSize] at p % blockSize.
/// </remarks>
internal sealed class BatchPlan
{
    private readonly int[] _tokens, _positions, _cacheSlots, _rowSequence, _logitRows, _blockTables;
    private readonly PlannedSequence[] _sequences;

    /// <summary>Creates an empty plan.</summary>
    /// <param name="maxTokens">Most rows.</param>
    /// <param name="maxSequences">Most sequences.</param>
    /// <param name="maxBlocks">Most block-table entries, all sequences together.</param>
    /// <param name="blockSize">Positions in one cache block.</param>
    public BatchPlan(int maxTokens, int maxSequences, int maxBlocks, int blockSize)
    {
        BlockSize = blockSize;
        _tokens = GC.AllocateArray<int>(maxTokens, pinned: true);
        _positions = GC.AllocateArray<int>(maxTokens, pinned: true);
        _cacheSlots = GC.AllocateArray<int>(maxTokens, pinned: true);
        _rowSequence = GC.AllocateArray<int>(maxTokens, pinned: true);
        _logitRows = GC.AllocateArray<int>(maxTokens, pinned: true);
        _blockTables = GC.AllocateArray<int>(maxBlocks, pinned: true);
        _sequences = GC.AllocateArray<PlannedSequence>(maxSequences, pinned: true);
    }

    /// <summary>Positions in one cache block.</summary>
    public int BlockSize { get; }

    /// <summary>Most rows this plan can hold.</summary>
    public int MaxTokens => _tokens.Length;

    /// <summary>Rows in the plan.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Sequences in the plan.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>Rows whose logits are wanted.</summary>
    public int LogitRowCount { get; private set; }

    private int BlockCount { get; set; }

    /// <summary>Token ids, one a row.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>Positions, one a row.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, TokenCount);

    /// <summary>Where each row's key and value go: block × block size + offset.</summary>
    public ReadOnlySpan<int> CacheSlots => _cacheSlots.AsSpan(0, TokenCount);

    /// <summary>Which of <see cref="Sequences"/> each row belongs to.</summary>
    public ReadOnlySpan<int> RowSequences => _rowSequence.AsSpan(0, TokenCount);

    /// <summary>The sequences, in row order.</summary>
    public ReadOnlySpan<PlannedSequence> Sequences => _sequences.AsSpan(0, SequenceCount);

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, LogitRowCount);

    /// <summary>The block tables, one behind another: see <see cref="PlannedSequence"/>.</summary>
    public ReadOnlySpan<int> BlockTables => _blockTables.AsSpan(0, BlockCount);

    /// <summary>Empties the plan.</summary>
    public void Clear() => TokenCount = SequenceCount = LogitRowCount = BlockCount = 0;

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <param name="tokens">Tokens to compute, at positions firstPosition, firstPosition + 1, …</param>
    /// <param name="firstPosition">Position of the first of them: so many are cached already.</param>
    /// <param name="blockTable">The sequence's blocks, at least up to its last new position.</param>
    /// <param name="logits">Which rows' logits are wanted.</param>
    public void Add(ReadOnlySpan<int> tokens, int firstPosition, ReadOnlySpan<int> blockTable, WantedLogits logits)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length);
        int first = TokenCount;
        int blocks = (firstPosition + tokens.Length + BlockSize - 1) / BlockSize;
        tokens.CopyTo(_tokens.AsSpan(first));
        blockTable[..blocks].CopyTo(_blockTables.AsSpan(BlockCount));
        for (int i = 0; i < tokens.Length; i++)
        {
            int position = firstPosition + i;
            _positions[first + i] = position;
            _cacheSlots[first + i] = blockTable[position / BlockSize] * BlockSize + position % BlockSize;
            _rowSequence[first + i] = SequenceCount;
            if (logits == WantedLogits.All || logits == WantedLogits.Last && i == tokens.Length - 1)
                _logitRows[LogitRowCount++] = first + i;
        }
        _sequences[SequenceCount++] = new PlannedSequence(first, tokens.Length, firstPosition, BlockCount);
        TokenCount += tokens.Length;
        BlockCount += blocks;
    }
}

/// <summary>One sequence's part of a <see cref="BatchPlan"/>.</summary>
/// <param name="FirstRow">Its first row.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="FirstPosition">Position of its first row.</param>
/// <param name="FirstBlock">Where its block table starts in <see cref="BatchPlan.BlockTables"/>.</param>
internal readonly record struct PlannedSequence(int FirstRow, int RowCount, int FirstPosition, int FirstBlock)
{
    /// <summary>Positions in its context once this step is done.</summary>
    public int ContextLength => FirstPosition + RowCount;
}

/// <summary>Which rows of a sequence need logits.</summary>
internal enum WantedLogits
{
    /// <summary>None: a prefill chunk that is not the last.</summary>
    None,

    /// <summary>The last row: the next token is sampled from it.</summary>
    Last,

    /// <summary>All rows: perplexity, comparison with golden files.</summary>
    All,
}
