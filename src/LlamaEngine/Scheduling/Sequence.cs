using System.Diagnostics;
using System.Runtime.InteropServices;
using LlamaEngine.Backends;
using LlamaEngine.KvCache;

namespace LlamaEngine.Scheduling;

/// <summary>
/// A sequence of tokens that a caller wants computed: a completion, logits or an embedding of a text. Known tokens whose keys and values are
/// not in the cache yet are its pending ones; the scheduler puts them into batches until none is left.
/// </summary>
/// <remarks>Everything but construction and <see cref="Cancellation"/> belongs to the engine's loop thread.</remarks>
internal abstract class Sequence(CancellationToken cancellation)
{
    private readonly List<int> _blocks = [];
    private int _registeredBlocks;
    private long _content = BlockPool.Root;
    private long _deadline = long.MaxValue;
    private TimeSpan? _timeout;

    /// <summary>When the caller asked, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long Created { get; } = Stopwatch.GetTimestamp();

    /// <summary>When it was first admitted; 0: it was not.</summary>
    public long StartedAt { get; private set; }

    /// <summary>When it ended; 0: it has not.</summary>
    public long EndedAt { get; private set; }

    /// <summary>The caller's token.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Higher ones are served first; within one, first come, first served.</summary>
    public int Priority { get; init; }

    /// <summary>How long it may take from the call on; null: as long as it takes.</summary>
    public TimeSpan? Timeout
    {
        init
        {
            _timeout = value;
            if (value is { } timeout && timeout.TotalSeconds < int.MaxValue)
                _deadline = Created + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        }
    }

    /// <summary>What keeps its blocks when it ends well; null: nothing does.</summary>
    public RetainedPrefix? Retention { get; init; }

    /// <summary>Counts it until it ends; null: nobody counts.</summary>
    public RequestGauge? Gauge { get; init; }

    /// <summary>Number in the order of arrival.</summary>
    public long Arrival { get; set; }

    /// <summary>Tokens so far: the prompt, and what was generated; the last <see cref="Undrawn"/> of them are not known yet.</summary>
    public abstract ReadOnlySpan<int> Tokens { get; }

    /// <summary>
    /// Tokens at the end that a device ahead of the host is still drawing. In their place stands ~k: what the step in flight draws
    /// for its k-th wanted row.
    /// </summary>
    public virtual int Undrawn => 0;

    /// <summary>Most tokens it can come to have in the cache.</summary>
    public abstract int MaxLength { get; }

    /// <summary>Of which of its pending tokens it wants logits.</summary>
    public virtual WantedRows WantedLogits => WantedRows.None;

    /// <summary>Of which tokens of its prompt it wants hidden states; not together with logits.</summary>
    public virtual WantedRows WantedHidden => WantedRows.None;

    /// <summary>It is done when all its tokens are in the cache.</summary>
    public virtual bool EndsWithPrefill => false;

    /// <summary>Tokens generated so far.</summary>
    public virtual int GeneratedTokens => 0;

    /// <summary>Whether its prompt may be taken from the cache.</summary>
    public virtual bool ReusesPrefix => true;

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int Computed { get; private set; }

    /// <summary>Tokens whose keys and values are in the cache, as far as they are known.</summary>
    public ReadOnlySpan<int> CachedPrefix => Tokens[..Math.Min(Computed, Tokens.Length - Undrawn)];

    /// <summary>Tokens still to compute.</summary>
    public int Pending => Math.Min(Tokens.Length, MaxLength) - Computed;

    /// <summary>How often it gave its blocks back: what a step computes that was planned before is void.</summary>
    public int Era { get; private set; }

    /// <summary>Tokens that were found in the cache when it was first admitted.</summary>
    public int CachedTokens { get; private set; } = -1;

    /// <summary>It is in the batch being computed.</summary>
    public bool Planned { get; set; }

    /// <summary>Its blocks in the order of positions.</summary>
    public ReadOnlySpan<int> Blocks => CollectionsMarshal.AsSpan(_blocks);

    /// <summary>Takes the logits of the pending token at <paramref name="position"/>, in order.</summary>
    /// <returns>True when nothing is left to do.</returns>
    public virtual bool TakeLogits(int position, Span<float> logits) => false;

    /// <summary>Asks the device, which computes its next logits as the plan's <paramref name="row"/>-th wanted row, to draw the next token from them.</summary>
    /// <returns>False: it wants the logits themselves.</returns>
    public virtual bool TryDraw(SamplingPlan sampling, int row) => false;

    /// <summary>Takes a token that was drawn for it, in order.</summary>
    /// <returns>True when nothing is left to do.</returns>
    public virtual bool TakeDrawn(int token) => throw new NotSupportedException("It has asked for no token.");

    /// <summary>Takes the hidden state of the pending token at <paramref name="position"/>, in order.</summary>
    public virtual void TakeHidden(int position, ReadOnlySpan<float> hidden)
    {
    }

    /// <summary>Gives, once, the sequences that begin as copies of this one now that its prompt is computed.</summary>
    public virtual ReadOnlySpan<Sequence> TakeFollowers() => [];

    /// <summary>Whether its caller gave up or its time is over at <paramref name="now"/> (a <see cref="Stopwatch"/> timestamp).</summary>
    public bool IsOver(long now) => Cancellation.IsCancellationRequested || now >= _deadline;

    /// <summary>What its caller is told when it <see cref="IsOver"/>.</summary>
    public Exception OverException() => Cancellation.IsCancellationRequested
        ? new OperationCanceledException(Cancellation)
        : new DeadlineExceededException(_timeout!.Value, CachedTokens >= 0, GeneratedTokens);

    /// <summary>Tells the caller that all is done, or that it ended with an exception.</summary>
    public void End(Exception? exception)
    {
        EndedAt = Stopwatch.GetTimestamp();
        Gauge?.Leave();
        OnEnded(exception);
    }

    /// <summary>Called when it has ended; with null: well.</summary>
    protected abstract void OnEnded(Exception? exception);

    /// <summary>Takes over the blocks of the longest known prefix; at least one token stays pending, for its logits.</summary>
    public void AdoptPrefix(BlockPool pool)
    {
        ReadOnlySpan<int> tokens = Tokens;
        int size = pool.BlockSize;
        _blocks.EnsureCapacity(BlocksFor(pool, MaxLength)); // so that decoding allocates nothing
        while (ReusesPrefix && Computed + size < tokens.Length
            && pool.TryFind(_content, tokens.Slice(Computed, size), out int block, out long content))
        {
            _blocks.Add(block);
            _content = content;
            _registeredBlocks++;
            Computed += size;
        }
    }

    /// <summary>Notes that it was admitted; what counts as cached, and as waiting, is settled the first time.</summary>
    public void Start()
    {
        if (CachedTokens >= 0)
            return;
        CachedTokens = Computed;
        StartedAt = Stopwatch.GetTimestamp();
    }

    /// <summary>Begins as a copy of a sequence whose tokens it begins with: shares its blocks, the last and unfinished one too.</summary>
    public void Fork(BlockPool pool, Sequence source)
    {
        _blocks.EnsureCapacity(BlocksFor(pool, MaxLength));
        foreach (int block in source._blocks)
        {
            pool.Share(block);
            _blocks.Add(block);
        }
        Computed = source.Computed;
        _registeredBlocks = source._registeredBlocks;
        _content = source._content;
        Start();
    }

    /// <summary>
    /// Makes sure that the block it writes to next is its own: a block it shares is replaced by a copy, which the plan then has made.
    /// </summary>
    /// <returns>False if the pool has no more blocks.</returns>
    public bool TryOwnLastBlock(BlockPool pool, BatchPlan plan)
    {
        int last = Computed / pool.BlockSize;
        if (last >= _blocks.Count || pool.References(_blocks[last]) == 1)
            return true;
        if (!plan.CanCopy || !pool.TryTake(out int copy))
            return false;
        plan.Copy(_blocks[last], copy);
        pool.Release(_blocks[last]);
        _blocks[last] = copy;
        return true;
    }

    /// <summary>Takes blocks until they hold <paramref name="length"/> positions.</summary>
    /// <returns>False if the pool has no more; those taken are kept.</returns>
    public bool TryReserve(BlockPool pool, int length)
    {
        while (_blocks.Count * pool.BlockSize < length)
        {
            if (!pool.TryTake(out int block))
                return false;
            _blocks.Add(block);
        }
        return true;
    }

    /// <summary>Notes that the next <paramref name="count"/> tokens are in the cache, or will be when what is enqueued is done.</summary>
    public void Advance(BlockPool pool, int count)
    {
        Computed += count;
        RegisterBlocks(pool);
    }

    /// <summary>Makes the blocks findable that are full of known tokens.</summary>
    public void RegisterBlocks(BlockPool pool)
    {
        ReadOnlySpan<int> tokens = CachedPrefix;
        for (int size = pool.BlockSize; (_registeredBlocks + 1) * size <= tokens.Length; _registeredBlocks++)
            _content = pool.Register(_blocks[_registeredBlocks], _content, tokens.Slice(_registeredBlocks * size, size));
    }

    /// <summary>Gives all blocks back; what they hold may be found again. The last go first, so that prefixes outlive what follows them.</summary>
    public void ReleaseBlocks(BlockPool pool)
    {
        for (int i = _blocks.Count - 1; i >= 0; i--)
            pool.Release(_blocks[i]);
        _blocks.Clear();
        _registeredBlocks = 0;
        _content = BlockPool.Root;
        Computed = 0;
        Era++;
        ForgetUndrawn();
    }

    /// <summary>Called when what was computed for it is void: tokens being drawn will be drawn again.</summary>
    protected virtual void ForgetUndrawn()
    {
    }

    /// <summary>Where the time went so far, given when the first and the last token came; 0: none has.</summary>
    protected CompletionTimings TimingsOf(long firstToken, long lastToken)
    {
        long end = EndedAt != 0 ? EndedAt : Stopwatch.GetTimestamp(), started = StartedAt != 0 ? StartedAt : end;
        long first = firstToken != 0 ? firstToken : end, last = Math.Max(first, lastToken);
        return new CompletionTimings(
            Stopwatch.GetElapsedTime(Created, started), Stopwatch.GetElapsedTime(started, first), Stopwatch.GetElapsedTime(first, last));
    }

    private static int BlocksFor(BlockPool pool, int length) => (length + pool.BlockSize - 1) / pool.BlockSize;
}
