using LlamaEngine.Backends;
using LlamaEngine.KvCache;

namespace LlamaEngine.Scheduling;

/// <summary>
/// Decides what the next step computes: running sequences decode, then prompts are prefilled in chunks, then waiting ones are
/// admitted in order of priority and arrival, all under one budget of tokens. When the cache is full, the sequence that
/// came last gives its blocks up and waits to be computed again.
/// </summary>
/// <remarks>
/// Continuous batching after Yu et al. 2022 (Orca), chunked prefill after Agrawal et al. 2024 (Sarathi-Serve, arXiv 2403.02310).
/// Used by the engine's loop thread only.
/// </remarks>
internal sealed class Scheduler(BlockPool pool, int maxSequences, int maxLogitRows)
{
    // Both in order of priority, then arrival.
    private readonly List<Sequence> _waiting = [], _running = [];
    private readonly List<Sequence> _planned = [];

    /// <summary>Sequences that wait.</summary>
    public IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>Sequences that have blocks.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Sequences of the last plan, in its order.</summary>
    public IReadOnlyList<Sequence> Planned => _planned;

    /// <summary>Tokens of prompts when they were first admitted, and how many of them were found in the cache.</summary>
    public (long Queried, long Hit) Prefixes { get; private set; }

    /// <summary>How often a sequence lost its blocks to an earlier one.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Nothing is left to do.</summary>
    public bool IsIdle => _waiting.Count == 0 && _running.Count == 0;

    /// <summary>Puts a sequence into the queue.</summary>
    public void Enqueue(Sequence sequence) => InsertInOrder(_waiting, sequence);

    /// <summary>Fills an empty plan with the next step: admit → prefill → decode → preempt, written from the last to the first.</summary>
    public void Schedule(BatchPlan plan)
    {
        plan.Clear();
        ForgetPlanned();
        PlanDecodes(plan);
        PlanPrefills(plan);
        Admit(plan);
    }

    /// <summary>Forgets whose turn it was last: who has ended is then held by nobody here.</summary>
    public void ForgetPlanned()
    {
        foreach (Sequence sequence in _planned)
            sequence.Planned = false;
        _planned.Clear();
    }

    /// <summary>
    /// Lets a sequence begin as a copy of a running one. False: as many run as may; it waits, and computes for itself what the
    /// cache does not hold.
    /// </summary>
    public bool TryFork(Sequence source, Sequence copy)
    {
        copy.Arrival = source.Arrival;
        if (_running.Count >= maxSequences)
        {
            Enqueue(copy);
            return false;
        }
        copy.Fork(pool, source);
        InsertInOrder(_running, copy);
        return true;
    }

    /// <summary>Takes a sequence out, wherever it is, and gives its blocks back.</summary>
    public void Remove(Sequence sequence)
    {
        if (!_running.Remove(sequence))
            _waiting.Remove(sequence);
        sequence.ReleaseBlocks(pool);
    }

    private void PlanDecodes(BatchPlan plan)
    {
        for (int i = 0; i < _running.Count; i++)
        {
            Sequence sequence = _running[i];
            if (sequence.Pending == 1 && !TryPlan(plan, sequence) && i < _running.Count && _running[i] != sequence)
                i--;
        }
    }

    private void PlanPrefills(BatchPlan plan)
    {
        for (int i = 0; i < _running.Count; i++)
        {
            Sequence sequence = _running[i];
            if (!sequence.Planned && !TryPlan(plan, sequence) && i < _running.Count && _running[i] != sequence)
                i--;
        }
    }

    /// <summary>
    /// Admits in order while there are blocks for a whole prompt (half a prompt would only be preempted) and one for every
    /// sequence that runs already.
    /// </summary>
    private void Admit(BatchPlan plan)
    {
        while (_waiting.Count > 0 && _running.Count < maxSequences && plan.TokenCount < plan.MaxTokens && plan.SequenceCount < maxSequences)
        {
            Sequence next = _waiting[0];
            next.AdoptPrefix(pool);
            int missing = BlocksFor(next.Tokens.Length) - next.Blocks.Length;
            if (missing > 0 && missing + _running.Count > pool.Available)
            {
                next.ReleaseBlocks(pool);
                return;
            }
            Start(next);
            _waiting.RemoveAt(0);
            InsertInOrder(_running, next);
            if (!TryPlan(plan, next))
                return;
        }
    }

    /// <summary>Puts as many pending tokens of a sequence into the plan as the budget allows, making room by preemption.</summary>
    private bool TryPlan(BatchPlan plan, Sequence sequence)
    {
        int count = Math.Min(sequence.Pending, plan.MaxTokens - plan.TokenCount);
        int logitRows = maxLogitRows - plan.LogitRowCount;
        if (sequence.WantedLogits == WantedRows.All)
            count = Math.Min(count, logitRows);
        if (count == 0 || logitRows == 0)
            return false;
        while (!sequence.TryOwnLastBlock(pool, plan) || !sequence.TryReserve(pool, sequence.Computed + count))
        {
            if (!TryPreemptFor(sequence))
                return false;
        }
        Add(plan, sequence, count);
        return true;
    }

    private void Add(BatchPlan plan, Sequence sequence, int count)
    {
        bool last = count == sequence.Pending, first = sequence.Computed == 0;
        WantedRows logits = Now(sequence.WantedLogits, first, last), hidden = Now(sequence.WantedHidden, first, last);
        plan.Add(sequence.Tokens.Slice(sequence.Computed, count), sequence.Computed, sequence.Blocks, logits, hidden);
        sequence.Planned = true;
        _planned.Add(sequence);
    }

    /// <summary>What of a wish for a whole prompt falls on this chunk of it.</summary>
    private static WantedRows Now(WantedRows wanted, bool first, bool last) => wanted switch
    {
        WantedRows.First when !first => WantedRows.None,
        WantedRows.Last when !last => WantedRows.None,
        _ => wanted,
    };

    private void Start(Sequence sequence)
    {
        if (sequence.CachedTokens < 0)
            Prefixes = (Prefixes.Queried + sequence.Tokens.Length, Prefixes.Hit + sequence.Computed);
        sequence.Start();
    }

    /// <summary>Takes the blocks of the last sequence that is not in the plan; the sequence in need itself if it is that one.</summary>
    private bool TryPreemptFor(Sequence needy)
    {
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Sequence victim = _running[i];
            if (victim.Planned)
                continue;
            _running.RemoveAt(i);
            victim.ReleaseBlocks(pool);
            InsertInOrder(_waiting, victim);
            Preemptions++;
            return victim != needy;
        }
        return false;
    }

    private int BlocksFor(int tokens) => (tokens + pool.BlockSize - 1) / pool.BlockSize;

    private static void InsertInOrder(List<Sequence> list, Sequence sequence)
    {
        int at = list.Count;
        while (at > 0 && Precedes(sequence, list[at - 1]))
            at--;
        list.Insert(at, sequence);
    }

    private static bool Precedes(Sequence first, Sequence second) => first.Priority != second.Priority
        ? first.Priority > second.Priority
        : first.Arrival < second.Arrival;
}
