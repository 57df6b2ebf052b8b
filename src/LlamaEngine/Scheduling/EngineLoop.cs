using System.Diagnostics;
using System.Threading.Channels;
using LlamaEngine.Backends;
using LlamaEngine.Diagnostics;
using LlamaEngine.KvCache;
using LlamaEngine.Models;
using LlamaEngine.Sampling;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.Scheduling;

/// <summary>
/// The thread that owns model, scheduler and cache. Callers hand it sequences through a channel and hear from them through
/// channels of their own, so nothing here needs a lock.
/// </summary>
/// <remarks>
/// Where the device lags behind (<see cref="IBackend.StepsAhead"/>), the next step is planned and enqueued before the results of the one
/// in flight are read: tokens that it draws stand in the plan as references. A sequence that turns out to have ended has then been
/// computed one token too far, which nobody sees.
/// </remarks>
internal sealed class EngineLoop : IDisposable
{
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true });
    private readonly LlamaModel _model;
    private readonly KvStore _store;
    private readonly BlockPool _pool;
    private readonly Scheduler _scheduler;
    private readonly EngineStep[] _steps;
    private readonly EngineCounters _counters;
    private readonly EngineMeter _meter;
    private readonly bool _checksIntegrity = AppContext.TryGetSwitch("LlamaEngine.CheckIntegrity", out bool wanted) ? wanted : Debugging;
    private readonly float[] _logits;
    private readonly List<(Sequence Sequence, Exception? Exception)> _ended = [];
    private readonly Func<bool> _isStepUseless;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private EngineStep? _inFlight;
    private long _arrived, _endedRequests, _stepCount, _computedTokens, _generatedTokens, _nextWarning = 1;
    private volatile bool _stopping;
    private EngineFaultedException? _fault;

    private const bool Debugging =
#if DEBUG
        true;
#else
        false;
#endif

    /// <summary>Starts the thread.</summary>
    /// <param name="contextLength">Most positions of one sequence.</param>
    /// <param name="maxBatchTokens">Most tokens of a step.</param>
    /// <param name="maxSequences">Most sequences that run at once.</param>
    /// <param name="counters">Where it publishes what it counts.</param>
    /// <param name="meter">Where it records its steps.</param>
    public EngineLoop(
        LlamaModel model,
        KvStore store,
        int contextLength,
        int maxBatchTokens,
        int maxSequences,
        EngineCounters counters,
        EngineMeter meter,
        ILogger? logger = null)
    {
        _counters = counters;
        _meter = meter;
        _model = model;
        _store = store;
        _logger = logger ?? NullLogger.Instance;
        _pool = new BlockPool(store.Blocks, store.Layout.BlockSize);
        _scheduler = new Scheduler(_pool, maxSequences, model.MaxLogitRows);
        int blockSize = store.Layout.BlockSize, blocksPerSequence = (contextLength + blockSize - 1) / blockSize;
        _steps = new EngineStep[model.StepsAhead + 1];
        for (int i = 0; i < _steps.Length; i++)
        {
            SamplingPlan? sampling = model.StepsAhead > 0 ? CreateSamplingPlan(model, contextLength) : null;
            _steps[i] = new EngineStep(new BatchPlan(
                maxBatchTokens, maxSequences, checked(blocksPerSequence * maxSequences), blockSize, i, sampling));
        }
        _logits = new float[model.VocabularySize];
        _isStepUseless = IsStepUseless;
        PublishCounters();
        _thread = new Thread(Run) { IsBackground = true, Name = "LlamaEngine loop" };
        _thread.Start();
    }

    // Requests that find no room for their biases and penalties in a step are sampled by the host.
    private static SamplingPlan CreateSamplingPlan(LlamaModel model, int contextLength) => new(
        model.VocabularySize,
        model.MaxLogitRows,
        maxAdjustments: 64 * model.MaxLogitRows,
        maxSeen: (int)Math.Min((long)model.MaxLogitRows * contextLength, 1 << 18));

    /// <summary>What the engine does and has done; thread-safe.</summary>
    public EngineStatistics Statistics => _counters.Read();

    /// <summary>The internal error that stopped it; null: none has. Thread-safe.</summary>
    public EngineFaultedException? Fault => Volatile.Read(ref _fault);

    /// <summary>Queues a sequence.</summary>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    /// <exception cref="EngineFaultedException">The engine met an internal error before.</exception>
    public void Submit(Sequence sequence) => Submit(new Arrival(sequence, null));

    /// <summary>Has something done on the loop thread, between two steps: as little as possible, since all requests wait meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    /// <exception cref="EngineFaultedException">The engine met an internal error before.</exception>
    public Task<T> InvokeAsync<T>(Func<BlockPool, KvStore, T> function)
    {
        var command = new LoopCommand<T>(function);
        Submit(new Arrival(null, command));
        return command.Completion;
    }

    /// <summary>Ends running and waiting sequences and the thread.</summary>
    public void Dispose()
    {
        if (!_arrivals.Writer.TryComplete())
            return;
        _stopping = true;
        _thread.Join();
    }

    private void Submit(Arrival arrival)
    {
        if (Fault is { } fault)
            throw new EngineFaultedException(fault.Message, fault);
        ObjectDisposedException.ThrowIf(!_arrivals.Writer.TryWrite(arrival), typeof(InferenceEngine));
    }

    private void Run()
    {
        try
        {
            while (TakeArrivals())
                Step();
            FailAll(new ObjectDisposedException(nameof(InferenceEngine), "The engine was disposed while the request was running."));
        }
#pragma warning disable CA1031 // Nobody else is there to catch: every caller must hear of it, and the process must not die.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            StopWith(exception);
        }
    }

    /// <summary>Queues what has arrived, waiting for it when there is nothing else to do. False: it is time to end.</summary>
    private bool TakeArrivals()
    {
        if (_scheduler.IsIdle && _inFlight is null && !_stopping)
        {
            _scheduler.ForgetPlanned();
            CheckIntegrity();
            ValueTask<bool> wait = _arrivals.Reader.WaitToReadAsync();
            _ = wait.IsCompleted ? wait.Result : wait.AsTask().GetAwaiter().GetResult();
        }
        while (!_stopping && _arrivals.Reader.TryRead(out Arrival arrival))
        {
            arrival.Command?.Execute(_pool, _store);
            if (arrival.Sequence is not { } sequence)
                continue;
            sequence.Arrival = _arrived++;
            _scheduler.Enqueue(sequence);
        }
        return !_stopping;
    }

    private void Step()
    {
        DropWhatIsOver();
        EngineStep step = _steps[0] == _inFlight ? _steps[^1] : _steps[0];
        _scheduler.Schedule(step.Plan);
        WarnOfPreemptions();
        EngineStep? submitted = step.Plan.TokenCount > 0 && Submit(step) ? step : null, done = _inFlight;
        (done, _inFlight) = _model.StepsAhead == 0 ? (submitted, null) : (_inFlight, submitted);
        if (done is not null)
            Deliver(done);
        else if (step.Plan.TokenCount == 0 && !_scheduler.IsIdle)
            Thread.Sleep(1); // a snapshot being written or read holds the blocks that the next request needs
        CloseStep();
    }

    /// <summary>Has a step computed, or enqueued. False: everyone has given up meanwhile; the next round drops them.</summary>
    private bool Submit(EngineStep step)
    {
        BatchPlan plan = step.Plan;
        foreach (BlockCopy copy in plan.BlockCopies)
            _store.CopyBlock(copy.Source, copy.Destination);
        step.Assign(_scheduler.Planned);
        try
        {
            _model.Forward(plan, _store, _isStepUseless);
        }
        catch (OperationCanceledException)
        {
            step.Clear();
            return false;
        }
        for (int i = 0; i < step.Parts.Count; i++)
            step.Parts[i].Sequence.Advance(_pool, plan.Sequences[i].RowCount);
        _stepCount++;
        _computedTokens += plan.TokenCount;
        _meter.RecordStep(plan.TokenCount, plan.SequenceCount);
        return true;
    }

    private void DropWhatIsOver()
    {
        long now = Stopwatch.GetTimestamp();
        DropWhatIsOver(_scheduler.Running, now);
        DropWhatIsOver(_scheduler.Waiting, now);
    }

    private void DropWhatIsOver(IReadOnlyList<Sequence> sequences, long now)
    {
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            if (sequences[i].IsOver(now))
                End(sequences[i], sequences[i].OverException());
        }
    }

    /// <summary>Gives every sequence of a step what it wanted and ends those that are done.</summary>
    private void Deliver(EngineStep step)
    {
        _model.Finish(step.Plan);
        for (int i = 0; i < step.Parts.Count; i++)
        {
            EngineStep.Part part = step.Parts[i];
            if (part.IsVoid)
                continue;
            Sequence sequence = part.Sequence;
            try
            {
                TakeHidden(step.Plan, part);
                bool done = part.Draws ? TakeDrawn(step.Plan, part) : TakeLogits(step.Plan, part);
                bool prefilled = sequence.Pending == 0 && step.Plan.Sequences[i].ContextLength == sequence.Tokens.Length;
                if (done || sequence.EndsWithPrefill && prefilled)
                    End(sequence, null);
            }
#pragma warning disable CA1031 // Whatever a sequence's own code (a logit processor, say) throws belongs to its caller, not to the loop.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                End(sequence, exception);
            }
        }
        step.Clear();
    }

    private void TakeHidden(BatchPlan plan, in EngineStep.Part part)
    {
        for (int row = part.FirstHidden; row < part.FirstHidden + part.HiddenRows; row++)
            part.Sequence.TakeHidden(plan.Positions[plan.HiddenRows[row]], _model.Hidden(plan, row));
    }

    private bool TakeDrawn(BatchPlan plan, in EngineStep.Part part)
    {
        int token = _model.Drawn(plan, part.FirstLogits);
        if (token < 0)
            throw Sampler.NothingDrawn(_model.Logits(plan, part.FirstLogits));
        bool done = part.Sequence.TakeDrawn(token);
        part.Sequence.RegisterBlocks(_pool);
        _generatedTokens++;
        return done;
    }

    private bool TakeLogits(BatchPlan plan, in EngineStep.Part part)
    {
        bool done = false;
        for (int row = part.FirstLogits; row < part.FirstLogits + part.LogitRows; row++)
        {
            int position = plan.Positions[plan.LogitRows[row]];
            Span<float> logits = _model.Logits(plan, row);
            foreach (Sequence follower in part.Sequence.TakeFollowers())
                Fork(part.Sequence, follower, position, logits);
            done |= TakeLogits(part.Sequence, position, logits);
        }
        return done;
    }

    private bool TakeLogits(Sequence sequence, int position, Span<float> logits)
    {
        int before = sequence.GeneratedTokens;
        bool done = sequence.TakeLogits(position, logits);
        _generatedTokens += sequence.GeneratedTokens - before;
        return done;
    }

    /// <summary>Lets a sequence begin where another stands, with a copy of the same logits: sampling overwrites them.</summary>
    private void Fork(Sequence source, Sequence follower, int position, ReadOnlySpan<float> logits)
    {
        if (!_scheduler.TryFork(source, follower))
            return;
        logits.CopyTo(_logits);
        try
        {
            if (TakeLogits(follower, position, _logits))
                End(follower, null);
        }
#pragma warning disable CA1031 // As in Deliver.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            End(follower, exception);
        }
    }

    private void End(Sequence sequence, Exception? exception)
    {
        if (exception is null)
            sequence.Retention?.Retain(_pool, sequence.CachedPrefix);
        _scheduler.Remove(sequence);
        _ended.Add((sequence, exception));
    }

    /// <summary>Tells those who wait, after the books are closed: what they read in the statistics then includes their request.</summary>
    private void CloseStep()
    {
        _endedRequests += _ended.Count;
        PublishCounters();
        foreach ((Sequence sequence, Exception? exception) in _ended)
            sequence.End(exception);
        _ended.Clear();
    }

    private void CheckIntegrity()
    {
        if (_checksIntegrity && _pool.Transfers == 0)
            _pool.CheckIntegrity(new int[_pool.Count]);
    }

    /// <summary>Nobody waits for the step any more: asked between the operations of a pass.</summary>
    private bool IsStepUseless()
    {
        if (_stopping)
            return true;
        long now = Stopwatch.GetTimestamp();
        for (int i = 0; i < _scheduler.Planned.Count; i++)
        {
            if (!_scheduler.Planned[i].IsOver(now))
                return false;
        }
        return true;
    }

    private void StopWith(Exception exception)
    {
        var fault = exception as EngineFaultedException
            ?? new EngineFaultedException("The engine stopped after an internal error: " + exception.Message, exception);
        Volatile.Write(ref _fault, fault);
        Log.EngineFaulted(_logger, exception);
        _arrivals.Writer.TryComplete();
        FailAll(fault);
    }

    private void FailAll(Exception exception)
    {
        while (_arrivals.Reader.TryRead(out Arrival arrival))
        {
            arrival.Command?.Fail(exception);
            arrival.Sequence?.End(exception);
        }
        while (_scheduler.Running.Count > 0)
            End(_scheduler.Running[^1], exception);
        while (_scheduler.Waiting.Count > 0)
            End(_scheduler.Waiting[^1], exception);
        CloseStep();
    }

    // Now and then: each one is a prompt computed again, and many of them are a cache that is too small.
    private void WarnOfPreemptions()
    {
        if (_scheduler.Preemptions < _nextWarning)
            return;
        Log.Preempted(_logger, _scheduler.Preemptions, _pool.Count * (long)_pool.BlockSize);
        _nextWarning = 2 * _scheduler.Preemptions;
    }

    private void PublishCounters() => _counters.Publish(new EngineStatistics
    {
        RunningSequences = _scheduler.Running.Count,
        WaitingSequences = _scheduler.Waiting.Count,
        KvBlocks = _pool.Count,
        KvBlocksInUse = _pool.Count - _pool.Available,
        KvBlocksCached = _pool.Cached,
        KvBlocksRetained = _pool.Retained,
        KvBlockSize = _pool.BlockSize,
        EndedRequests = _endedRequests,
        Steps = _stepCount,
        ComputedTokens = _computedTokens,
        GeneratedTokens = _generatedTokens,
        PrefixQueryTokens = _scheduler.Prefixes.Queried,
        PrefixHitTokens = _scheduler.Prefixes.Hit,
        Preemptions = _scheduler.Preemptions,
        Evictions = _pool.Evictions,
    });

    private readonly record struct Arrival(Sequence? Sequence, LoopCommand? Command);
}
