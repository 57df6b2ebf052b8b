using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Passes;

/// <summary>What one slot's pass has on the device: its plan, and the tokens that it drew.</summary>
internal sealed unsafe class PassSlot : IDisposable
{
    private readonly PinnedBuffer _hostPlan, _hostDrawn;
    private readonly PinnedBuffer? _hostLists;
    private readonly DeviceBuffer _plan, _drawn;
    private readonly DeviceBuffer? _lists;
    private readonly long _seenPlace;

    /// <summary>Takes memory for any plan of the same capacities.</summary>
    public PassSlot(CudaContext context, BatchPlan plan)
    {
        (MaxTokens, MaxSequences, MaxBlocks, Lists) = CapacityOf(plan);
        try
        {
            long bytes = PlanLayout.MaxBytes(plan);
            _hostPlan = new PinnedBuffer(context, bytes);
            _plan = new DeviceBuffer(context, bytes);
            long drawnBytes = Math.Max(plan.MaxTokens, Lists.Rows) * (long)sizeof(int);
            _hostDrawn = new PinnedBuffer(context, drawnBytes);
            _drawn = new DeviceBuffer(context, drawnBytes);
            _seenPlace = (long)Lists.Adjustments * sizeof(LogitAdjustment);
            long listBytes = _seenPlace + (long)Lists.Seen * sizeof(SeenToken);
            if (listBytes > 0)
            {
                _hostLists = new PinnedBuffer(context, listBytes);
                _lists = new DeviceBuffer(context, listBytes);
            }
            Done = new CudaEvent(context);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Reached when the last pass and the copy of what it drew are done.</summary>
    public CudaEvent Done { get; } = null!;

    /// <summary>The number of the last pass.</summary>
    public long Pass { get; set; }

    /// <summary>The shape of the last pass.</summary>
    public PassShape Shape { get; private set; }

    /// <summary>Prefill tiles of the last pass.</summary>
    public int TileCount { get; private set; }

    public ulong Tokens => _plan.Address + (ulong)Layout.Tokens;

    public ulong Positions => _plan.Address + (ulong)Layout.Positions;

    public ulong CacheSlots => _plan.Address + (ulong)Layout.CacheSlots;

    public ulong RowSequences => _plan.Address + (ulong)Layout.RowSequences;

    public ulong LogitRows => _plan.Address + (ulong)Layout.LogitRows;

    public ulong HiddenRows => _plan.Address + (ulong)Layout.HiddenRows;

    public ulong Sequences => _plan.Address + (ulong)Layout.Sequences;

    public ulong Tiles => _plan.Address + (ulong)Layout.Tiles;

    public ulong Sampling => _plan.Address + (ulong)Layout.Sampling;

    public ulong BlockTables => _plan.Address + (ulong)Layout.BlockTables;

    public ulong Adjustments => _lists?.Address ?? 0;

    public ulong Seen => _lists is null ? 0 : _lists.Address + (ulong)_seenPlace;

    /// <summary>What the pass draws, by wanted row.</summary>
    public ulong Drawn => _drawn.Address;

    private PlanLayout Layout { get; set; }

    private int MaxTokens { get; }

    private int MaxSequences { get; }

    private int MaxBlocks { get; }

    private (int Rows, int Adjustments, int Seen) Lists { get; }

    /// <summary>Whether a plan finds room.</summary>
    public bool Fits(BatchPlan plan)
    {
        var (tokens, sequences, blocks, lists) = CapacityOf(plan);
        return tokens <= MaxTokens && sequences <= MaxSequences && blocks <= MaxBlocks
            && lists.Rows <= Lists.Rows && lists.Adjustments <= Lists.Adjustments && lists.Seen <= Lists.Seen;
    }

    /// <summary>Enqueues the copy of a plan to the device; the slot's pass before must be done.</summary>
    public void Upload(CudaStream stream, BatchPlan plan, in PassShape shape)
    {
        Shape = shape;
        TileCount = shape.IsUniform ? 0 : PrefillTile.Count(plan);
        Layout = new PlanLayout(shape, TileCount);
        // Padding rows: a token there is, a position there is, no place in the cache, no sequence, no draw.
        Put(Layout.Tokens, plan.Tokens, shape.Rows, 0);
        Put(Layout.Positions, plan.Positions, shape.Rows, 0);
        Put(Layout.CacheSlots, plan.CacheSlots, shape.Rows, -1);
        Put(Layout.RowSequences, plan.RowSequences, shape.Rows, -1);
        Put(Layout.LogitRows, plan.LogitRows, shape.LogitRows, 0);
        Put(Layout.HiddenRows, plan.HiddenRows, shape.HiddenRows, 0);
        Put(Layout.Sequences, plan.Sequences, shape.Sequences, default);
        if (TileCount > 0)
            PrefillTile.Write(plan, (int*)(_hostPlan.Data + Layout.Tiles));
        if (shape.SampledRows > 0)
            Put(Layout.Sampling, plan.Sampling!.Rows, shape.SampledRows, new RowSampling { LogitRow = -1 });
        Put(Layout.BlockTables, plan.BlockTables, plan.BlockTables.Length, 0);
        stream.CopyToDevice(_plan.Address, _hostPlan.Data, Layout.BlockTables + (long)plan.BlockTables.Length * sizeof(int));
        if (shape.SampledRows > 0)
            UploadLists(stream, plan.Sampling!);
    }

    /// <summary>Enqueues the copy of what the pass drew to the host.</summary>
    public void Download(CudaStream stream)
    {
        if (Shape.SampledRows > 0)
            stream.CopyToHost(_hostDrawn.Data, _drawn.Address, (long)Shape.SampledRows * sizeof(int));
    }

    /// <summary>What the last pass drew, once it is done.</summary>
    public ReadOnlySpan<int> DrawnTokens(int rows) => new(_hostDrawn.Data, rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        Done?.Dispose();
        _lists?.Dispose();
        _hostLists?.Dispose();
        _drawn?.Dispose();
        _hostDrawn?.Dispose();
        _plan?.Dispose();
        _hostPlan?.Dispose();
    }

    private static (int Tokens, int Sequences, int Blocks, (int Rows, int Adjustments, int Seen) Lists) CapacityOf(BatchPlan plan) =>
        (plan.MaxTokens, plan.MaxSequences, plan.MaxBlocks, plan.Sampling?.Capacity ?? default);

    // Biases and penalties: most steps have none.
    private void UploadLists(CudaStream stream, SamplingPlan sampling)
    {
        if (sampling.Adjustments.Length > 0)
        {
            sampling.Adjustments.CopyTo(new Span<LogitAdjustment>(_hostLists!.Data, Lists.Adjustments));
            stream.CopyToDevice(Adjustments, _hostLists.Data, (long)sampling.Adjustments.Length * sizeof(LogitAdjustment));
        }
        if (sampling.Seen.Length > 0)
        {
            sampling.Seen.CopyTo(new Span<SeenToken>(_hostLists!.Data + _seenPlace, Lists.Seen));
            stream.CopyToDevice(Seen, _hostLists.Data + _seenPlace, (long)sampling.Seen.Length * sizeof(SeenToken));
        }
    }

    // Values, then padding up to a count. A PlannedSequence is a PlanSequence of the kernels, field by field.
    private void Put<T>(long place, ReadOnlySpan<T> values, int count, T padding) where T : unmanaged
    {
        var target = new Span<T>(_hostPlan.Data + place, count);
        values.CopyTo(target);
        target[values.Length..].Fill(padding);
    }
}
