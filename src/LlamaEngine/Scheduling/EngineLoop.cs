using System.Threading.Channels;
using LlamaEngine.Backends;
using LlamaEngine.Diagnostics;
using LlamaEngine.KvCache;
using LlamaEngine.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.Scheduling;

/// <summary>
/// The thread that owns model, scheduler and cache. Callers hand it sequences through a channel and hear from them through
/// channels of their own, so nothing here needs a lock.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    private readonly Channel<Sequence> _arrivals = Channel.CreateUnbounded<Sequence>(new UnboundedChannelOptions { SingleReader = true });
    private readonly LlamaModel _model;
    private readonly KvStore _store;
    private readonly BlockPool _pool;
    private readonly Scheduler _scheduler;
    private readonly BatchPlan _plan;
    private readonly Func<bool> _isStepUseless;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private long _arrived;
    private volatile bool _stopping;
    private EngineFaultedException? _fault;

    /// <summary>Starts the thread.</summary>
    /// <param name="contextLength">Most positions of one sequence.</param>
    /// <param name="maxBatchTokens">Most tokens of a step.</param>
    /// <param name="maxSequences">Most sequences that run at once.</param>
    public EngineLoop(LlamaModel model, KvStore store, int contextLength, int maxBatchTokens, int maxSequences, ILogger? logger = null)
    {
        _model = model;
        _store = store;
        _logger = logger ?? NullLogger.Instance;
        _pool = new BlockPool(store.Blocks, store.Layout.BlockSize);
        _scheduler = new Scheduler(_pool, maxSequences, model.MaxLogitRows);
        int blockSize = store.Layout.BlockSize, blocksPerSequence = (contextLength + blockSize - 1) / blockSize;
        _plan = new BatchPlan(maxBatchTokens, maxSequences, checked(blocksPerSequence * maxSequences), blockSize);
        _isStepUseless = IsStepUseless;
        _thread = new Thread(Run) { IsBackground = true, Name = "LlamaEngine loop" };
        _thread.Start();
    }

    /// <summary>Queues a sequence.</summary>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    /// <exception cref="EngineFaultedException">The engine met an internal error before.</exception>
    public void Submit(Sequence sequence)
    {
        if (Volatile.Read(ref _fault) is { } fault)
            throw new EngineFaultedException(fault.Message, fault);
        ObjectDisposedException.ThrowIf(!_arrivals.Writer.TryWrite(sequence), typeof(InferenceEngine));
    }

    /// <summary>Ends running and waiting sequences and the thread.</summary>
    public void Dispose()
    {
        if (!_arrivals.Writer.TryComplete())
            return;
        _stopping = true;
        _thread.Join();
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
            Fault(exception);
        }
    }

    /// <summary>Queues what has arrived, waiting for it when there is nothing else to do. False: it is time to end.</summary>
    private bool TakeArrivals()
    {
        if (_scheduler.IsIdle && !_stopping)
        {
            ValueTask<bool> wait = _arrivals.Reader.WaitToReadAsync();
            _ = wait.IsCompleted ? wait.Result : wait.AsTask().GetAwaiter().GetResult();
        }
        while (_arrivals.Reader.TryRead(out Sequence? sequence))
        {
            sequence.Arrival = _arrived++;
            _scheduler.Enqueue(sequence);
        }
        return !_stopping;
    }

    private void Step()
    {
        DropCancelled(_scheduler.Running);
        DropCancelled(_scheduler.Waiting);
        _scheduler.Schedule(_plan);
        if (_plan.TokenCount == 0)
            return;
        try
        {
            _model.Forward(_plan, _store, _isStepUseless);
        }
        catch (OperationCanceledException)
        {
            // Every planned sequence was cancelled, or the engine is ending: the next round drops them.
            return;
        }
        Deliver();
    }

    private void DropCancelled(IReadOnlyList<Sequence> sequences)
    {
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = sequences[i];
            if (sequence.Cancellation.IsCancellationRequested)
                End(sequence, new OperationCanceledException(sequence.Cancellation));
        }
    }

    /// <summary>Gives every planned sequence its logits and ends those that are done.</summary>
    private void Deliver()
    {
        int logitRow = 0;
        for (int i = 0; i < _scheduler.Planned.Count; i++)
        {
            Sequence sequence = _scheduler.Planned[i];
            PlannedSequence planned = _plan.Sequences[i];
            sequence.Advance(_pool, planned.RowCount);
            try
            {
                bool done = false;
                for (; logitRow < _plan.LogitRowCount && _plan.LogitRows[logitRow] < planned.FirstRow + planned.RowCount; logitRow++)
                    done |= sequence.TakeLogits(_plan.Positions[_plan.LogitRows[logitRow]], _model.Logits(logitRow));
                if (done)
                    End(sequence, null);
            }
#pragma warning disable CA1031 // Whatever a sequence's own code (a logit processor, say) throws belongs to its caller, not to the loop.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                End(sequence, exception);
                while (logitRow < _plan.LogitRowCount && _plan.LogitRows[logitRow] < planned.FirstRow + planned.RowCount)
                    logitRow++;
            }
        }
    }

    private void End(Sequence sequence, Exception? exception)
    {
        _scheduler.Remove(sequence);
        if (exception is null)
            sequence.Complete();
        else
            sequence.Fail(exception);
    }

    /// <summary>Nobody waits for the step any more: asked between the operations of a pass.</summary>
    private bool IsStepUseless()
    {
        if (_stopping)
            return true;
        for (int i = 0; i < _scheduler.Planned.Count; i++)
        {
            if (!_scheduler.Planned[i].Cancellation.IsCancellationRequested)
                return false;
        }
        return true;
    }

    private void Fault(Exception exception)
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
        while (_arrivals.Reader.TryRead(out Sequence? sequence))
            sequence.Fail(exception);
        while (_scheduler.Running.Count > 0)
            End(_scheduler.Running[^1], exception);
        while (_scheduler.Waiting.Count > 0)
            End(_scheduler.Waiting[^1], exception);
    }
}
