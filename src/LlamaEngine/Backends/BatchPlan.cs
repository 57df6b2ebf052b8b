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
    private readonly int[] _tokens, _positions, _cacheSlots, _rowSequence, _logitRows, _hiddenRows, _blockTables;
    private readonly PlannedSequence[] _sequences;
    private readonly BlockCopy[] _copies;

    /// <summary>Creates an empty plan.</summary>
    /// <param name="maxTokens">Most rows.</param>
    /// <param name="maxSequences">Most sequences.</param>
    /// <param name="maxBlocks">Most block-table entries, all sequences together.</param>
    /// <param name="blockSize">Positions in one cache block.</param>
    /// <param name="slot">Its number among the plans that take turns.</param>
    /// <param name="sampling">How the device draws tokens; null: it draws none.</param>
    public BatchPlan(int maxTokens, int maxSequences, int maxBlocks, int blockSize, int slot = 0, SamplingPlan? sampling = null)
    {
        BlockSize = blockSize;
        Slot = slot;
        Sampling = sampling;
        _tokens = GC.AllocateArray<int>(maxTokens, pinned: true);
        _positions = GC.AllocateArray<int>(maxTokens, pinned: true);
        _cacheSlots = GC.AllocateArray<int>(maxTokens, pinned: true);
        _rowSequence = GC.AllocateArray<int>(maxTokens, pinned: true);
        _logitRows = GC.AllocateArray<int>(maxTokens, pinned: true);
        _hiddenRows = GC.AllocateArray<int>(maxTokens, pinned: true);
        _blockTables = GC.AllocateArray<int>(maxBlocks, pinned: true);
        _sequences = GC.AllocateArray<PlannedSequence>(maxSequences, pinned: true);
        _copies = new BlockCopy[maxSequences];
    }

    /// <summary>Positions in one cache block.</summary>
    public int BlockSize { get; }

    /// <summary>Its number among the plans that take turns: results of different slots do not overwrite each other.</summary>
    public int Slot { get; }

    /// <summary>What the device is to draw from the logits; null: nothing.</summary>
    public SamplingPlan? Sampling { get; }

    /// <summary>Most rows this plan can hold.</summary>
    public int MaxTokens => _tokens.Length;

    /// <summary>Most sequences this plan can hold.</summary>
    public int MaxSequences => _sequences.Length;

    /// <summary>Most entries of <see cref="BlockTables"/> this plan can hold.</summary>
    public int MaxBlocks => _blockTables.Length;

    /// <summary>Rows in the plan.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Sequences in the plan.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>Rows whose logits are wanted.</summary>
    public int LogitRowCount { get; private set; }

    /// <summary>Rows whose hidden states are wanted.</summary>
    public int HiddenRowCount { get; private set; }

    private int BlockCount { get; set; }

    private int CopyCount { get; set; }

    /// <summary>Token ids, one a row; ~k where it is the token that the pass before draws for its k-th wanted row.</summary>
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

    /// <summary>Rows whose hidden states (the output of the last norm) are wanted, ascending.</summary>
    public ReadOnlySpan<int> HiddenRows => _hiddenRows.AsSpan(0, HiddenRowCount);

    /// <summary>Blocks to copy before the pass, in this order.</summary>
    public ReadOnlySpan<BlockCopy> BlockCopies => _copies.AsSpan(0, CopyCount);

    /// <summary>Room for one more copy.</summary>
    public bool CanCopy => CopyCount < _copies.Length;

    /// <summary>The block tables, one behind another: see <see cref="PlannedSequence"/>.</summary>
    public ReadOnlySpan<int> BlockTables => _blockTables.AsSpan(0, BlockCount);

    /// <summary>Empties the plan.</summary>
    public void Clear()
    {
        TokenCount = SequenceCount = LogitRowCount = HiddenRowCount = BlockCount = CopyCount = 0;
        Sampling?.Clear();
    }

    /// <summary>Has a block copied before the pass.</summary>
    public void Copy(int source, int destination) => _copies[CopyCount++] = new BlockCopy(source, destination);

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <param name="tokens">Tokens to compute, at positions firstPosition, firstPosition + 1, …</param>
    /// <param name="firstPosition">Position of the first of them: so many are cached already.</param>
    /// <param name="blockTable">The sequence's blocks, at least up to its last new position.</param>
    /// <param name="logits">Which rows' logits are wanted.</param>
    /// <param name="hidden">Which rows' hidden states are wanted.</param>
    public void Add(
        ReadOnlySpan<int> tokens, int firstPosition, ReadOnlySpan<int> blockTable, WantedRows logits, WantedRows hidden = WantedRows.None)
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
        }
        LogitRowCount += Want(logits, first, tokens.Length, _logitRows.AsSpan(LogitRowCount));
        HiddenRowCount += Want(hidden, first, tokens.Length, _hiddenRows.AsSpan(HiddenRowCount));
        _sequences[SequenceCount++] = new PlannedSequence(first, tokens.Length, firstPosition, BlockCount);
        TokenCount += tokens.Length;
        BlockCount += blocks;
    }

    private static int Want(WantedRows wanted, int first, int count, Span<int> rows)
    {
        switch (wanted)
        {
            case WantedRows.None:
                return 0;
            case WantedRows.First:
                rows[0] = first;
                return 1;
            case WantedRows.Last:
                rows[0] = first + count - 1;
                return 1;
            default:
                for (int i = 0; i < count; i++)
                    rows[i] = first + i;
                return count;
        }
    }
}

/// <summary>A block whose content another block is to get.</summary>
internal readonly record struct BlockCopy(int Source, int Destination);

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

/// <summary>Of which rows of a sequence something is wanted: logits, or hidden states.</summary>
internal enum WantedRows
{
    /// <summary>Of none: a prefill chunk that is not the last.</summary>
    None,

    /// <summary>Of the first: CLS pooling.</summary>
    First,

    /// <summary>Of the last: the next token is sampled from its logits.</summary>
    Last,

    /// <summary>Of all: perplexity, comparison with golden files, mean pooling.</summary>
    All,
}
