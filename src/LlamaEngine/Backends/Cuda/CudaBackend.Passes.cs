using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Passes;

namespace LlamaEngine.Backends.Cuda;

/// <content>
/// Passes. A pass that only decodes is computed as it is when its shape is met first; the second time it is recorded, padded, and from
/// the third time on replayed: its operations then return at once, and the end of the pass launches the graph.
/// </content>
internal sealed partial class CudaBackend
{
    private readonly PassSlot?[] _slots = new PassSlot?[2];
    private PassMode _mode;
    private PassSlot? _open;
    private BatchPlan? _openPlan;
    private RecordedPass? _recorded;
    private long _passes;

    /// <inheritdoc/>
    public void BeginStep(BatchPlan plan)
    {
        AbandonPass();
        _uploads.Release(); // who computes has loaded
        PassSlot slot = SlotFor(plan);
        slot.Done.Synchronize();
        PassShape shape = PassShape.Of(plan);
        slot.Upload(_stream, plan, shape);
        slot.Pass = ++_passes;
        (_open, _openPlan, _mode) = (slot, plan, PassMode.Computes);
        if (!shape.IsUniform || !_options.UseGraphs)
            return;
        _recorded = _graphs.Find(new GraphKey(plan.Slot, shape));
        if (_recorded.Graph is not null)
        {
            _mode = PassMode.Replays;
        }
        else if (_recorded.WasComputed)
        {
            _stream.BeginCapture();
            _mode = PassMode.Records;
        }
    }

    /// <inheritdoc/>
    public void EndStep(BatchPlan plan)
    {
        PassSlot slot = OpenSlot(plan);
        if (_mode == PassMode.Records)
            _recorded!.Graph = _stream.EndCapture();
        if (_mode is PassMode.Records or PassMode.Replays)
            Launch(_recorded!.Graph!);
        if (_recorded is not null)
            _recorded.WasComputed = true;
        slot.Download(_stream);
        _stream.Record(slot.Done);
        Close();
    }

    /// <summary>Passes that were launched as graphs.</summary>
    internal long GraphLaunches { get; private set; }

    /// <inheritdoc/>
    public void Finish(BatchPlan plan) => _slots[plan.Slot]?.Done.Synchronize();

    /// <inheritdoc/>
    public ReadOnlySpan<int> Drawn(BatchPlan plan) =>
        _slots[plan.Slot] is { } slot && plan.Sampling is { } sampling ? slot.DrawnTokens(sampling.Rows.Length) : default;

    private void Launch(CudaGraph graph)
    {
        _stream.Launch(graph);
        GraphLaunches++;
    }

    // The slot of a plan, made anew if the plan is larger than those before.
    private PassSlot SlotFor(BatchPlan plan)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)plan.Slot, (uint)_slots.Length, nameof(plan));
        if (_slots[plan.Slot] is { } known && known.Fits(plan))
            return known;
        // Both: each slot's pass reads what the other's drew.
        ForgetGraphs();
        _stream.Synchronize();
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i] is { } other && other.Fits(plan))
                continue;
            _slots[i]?.Dispose();
            _slots[i] = null;
            _slots[i] = new PassSlot(_context, plan);
        }
        return _slots[plan.Slot]!;
    }

    private PassSlot OpenSlot(BatchPlan plan) => _openPlan == plan
        ? _open!
        : throw new InvalidOperationException("Operations on a plan stand between BeginStep and EndStep.");

    /// <summary>Ends a pass that was left in the middle.</summary>
    private void AbandonPass()
    {
        if (_mode == PassMode.Records)
            _stream.AbandonCapture();
        if (_mode != PassMode.None)
            _stream.Record(_open!.Done); // its plan may still be on its way
        Close();
    }

    private void Close() => (_open, _openPlan, _recorded, _mode) = (null, null, null, PassMode.None);

    // False: the operation is in the graph that the end of the pass launches.
    private bool Enqueues(CudaActivations output)
    {
        output.Pass = _open is null ? CudaActivations.OutsideOfPasses : _passes;
        return _mode != PassMode.Replays;
    }

    // Rows that an operation of the open pass is launched for: with padding where it is recorded.
    private int Launched(int rows) => _mode == PassMode.Records ? _open!.Shape.Rows : rows;

    // Waits until a pass is done, and for no later one; for everything where it is not known.
    private void WaitFor(long pass)
    {
        PassSlot? first = null;
        foreach (PassSlot? slot in _slots)
        {
            if (slot is not null && slot != _open && slot.Pass >= pass && !(first?.Pass < slot.Pass))
                first = slot;
        }
        if (first is null)
            _stream.Synchronize();
        else
            first.Done.Synchronize();
    }

    private enum PassMode
    {
        /// <summary>No pass is open.</summary>
        None,

        /// <summary>Operations are enqueued.</summary>
        Computes,

        /// <summary>Operations are recorded.</summary>
        Records,

        /// <summary>Operations are in a graph already.</summary>
        Replays,
    }
}
