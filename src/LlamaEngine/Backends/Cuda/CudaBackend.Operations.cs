using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlamaEngine.Backends.Cuda.Cache;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Backends.Cuda.Passes;

namespace LlamaEngine.Backends.Cuda;

/// <content>The operations: each gathers its arguments and enqueues. None allocates.</content>
internal sealed partial class CudaBackend
{
    // A grid's third dimension has 16 bits.
    private const int MaxSliceRows = 32768;

    /// <inheritdoc/>
    public void Embed(EmbeddingWeight table, BatchPlan plan, Activations output)
    {
        var (weight, rows, slot) = ((CudaEmbedding)table, (CudaActivations)output, OpenSlot(plan));
        if (!Enqueues(rows) || plan.TokenCount == 0)
            return;
        weight.Kernels.Embed(_stream, new EmbedArguments
        {
            Table = weight.Address,
            Tokens = slot.Tokens,
            Drawn = Before(plan).Drawn,
            Output = rows.Address,
            RowBytes = weight.RowBytes,
            Columns = weight.Width,
            OutputStride = rows.Stride,
            Rows = Checked(Launched(plan.TokenCount), rows),
            Vocabulary = weight.Vocabulary,
        });
    }

    /// <inheritdoc/>
    public void RmsNorm(Activations residual, Activations? delta, VectorWeight weight, float epsilon, Activations output, int rows)
    {
        var (residualRows, deltaRows, outputRows) = ((CudaActivations)residual, (CudaActivations?)delta, (CudaActivations)output);
        if (!(Enqueues(residualRows) & Enqueues(outputRows)))
            return;
        _rowKernels.RmsNorm(_stream, new RmsNormArguments
        {
            Residual = residualRows.Address,
            Delta = deltaRows?.Address ?? 0,
            Weight = ((CudaVector)weight).Address,
            Output = outputRows.Address,
            ResidualStride = residualRows.Stride,
            DeltaStride = deltaRows?.Stride ?? 0,
            OutputStride = outputRows.Stride,
            Columns = weight.Length,
            Rows = Checked(Launched(rows), residualRows, outputRows),
            Epsilon = epsilon,
        });
    }

    /// <inheritdoc/>
    public void Linear(LinearWeight weight, Activations input, Activations output, int rows)
    {
        var (linear, inputRows, outputRows) = ((CudaLinearWeight)weight, (CudaActivations)input, (CudaActivations)output);
        if (!Enqueues(outputRows) || rows == 0)
            return;
        int launched = Checked(Launched(rows), inputRows, outputRows);
        RoundedRows rounded = RoomForRounded(launched);
        foreach (CudaLinearSegment segment in linear.Segments)
        {
            ulong first = (ulong)segment.FirstOutput * sizeof(float);
            var arguments = new LinearArguments
            {
                Weight = segment.Matrix.Address,
                Bias = linear.Bias == 0 ? 0 : linear.Bias + first,
                Input = inputRows.Address,
                Output = outputRows.Address + first,
                RowBytes = segment.RowBytes,
                InputStride = inputRows.Stride,
                OutputStride = outputRows.Stride,
                Inputs = linear.Inputs,
                Outputs = segment.Outputs,
                Rows = launched,
            };
            if (_options.RoundsActivations)
                segment.Kernels.Multiply(_stream, arguments, rounded, _options.BatchInvariant);
            else
                segment.Kernels.MultiplyFew(_stream, arguments);
        }
    }

    /// <inheritdoc/>
    public void RotateAndStore(RopeTable rope, BatchPlan plan, Activations qkv, KvStore cache, int layer)
    {
        var (table, rows, store, slot) = ((CudaRopeTable)rope, (CudaActivations)qkv, (CudaKvStore)cache, OpenSlot(plan));
        if (!Enqueues(rows))
            return;
        store.Kernels.RotateAndStore(_stream, new RotateAndStoreArguments
        {
            Cache = store.Layer(layer),
            Qkv = rows.Address,
            Table = table.Address,
            Positions = slot.Positions,
            CacheSlots = slot.CacheSlots,
            Stride = rows.Stride,
            Heads = store.Layout.Heads,
            Dimension = table.Dimension,
            Rows = Checked(Launched(plan.TokenCount), rows),
            Interleaved = table.Interleaved ? 1 : 0,
        });
    }

    /// <inheritdoc/>
    public void Attend(BatchPlan plan, Activations qkv, KvStore cache, int layer, int window, Activations output)
    {
        var (inputRows, outputRows, store, slot) = ((CudaActivations)qkv, (CudaActivations)output, (CudaKvStore)cache, OpenSlot(plan));
        if (!Enqueues(outputRows) || plan.TokenCount == 0)
            return;
        var arguments = new AttendArguments
        {
            Cache = store.Layer(layer),
            Qkv = inputRows.Address,
            Output = outputRows.Address,
            Positions = slot.Positions,
            RowSequences = slot.RowSequences,
            Sequences = slot.Sequences,
            BlockTables = slot.BlockTables,
            QkvStride = inputRows.Stride,
            OutputStride = outputRows.Stride,
            Heads = store.Layout.Heads,
            Chunks = slot.Shape.Chunks,
            Window = window,
            TileCount = slot.TileCount,
            Tiles = slot.Tiles,
            Scale = (float)(1 / Math.Sqrt(store.Layout.HeadSize)),
        };
        int rows = Checked(Launched(plan.TokenCount), inputRows, outputRows);
        if (slot.TileCount == 0 || _options.BatchInvariant || !_options.RoundsActivations || !store.Kernels.CanPrefill)
        {
            AttendRowByRow(store, arguments, 0, rows);
            return;
        }
        AttendShortRuns(plan, store, arguments);
        arguments.Rows = rows;
        store.Kernels.Prefill(_stream, arguments);
    }

    /// <inheritdoc/>
    public void SwiGlu(Activations gateUp, Activations output, int rows)
    {
        var (inputRows, outputRows) = ((CudaActivations)gateUp, (CudaActivations)output);
        if (!Enqueues(outputRows))
            return;
        _rowKernels.SwiGlu(_stream, new SwiGluArguments
        {
            GateUp = inputRows.Address,
            Output = outputRows.Address,
            InputStride = inputRows.Stride,
            OutputStride = outputRows.Stride,
            Columns = inputRows.Columns / 2,
            Rows = Checked(Launched(rows), inputRows, outputRows),
        });
    }

    /// <inheritdoc/>
    public void SelectRows(ReadOnlySpan<int> rows, Activations source, Activations destination, int first)
    {
        var (from, to) = ((CudaActivations)source, (CudaActivations)destination);
        if (rows.IsEmpty || !Enqueues(to))
            return;
        int launched = Launched(rows.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + launched, to.Rows, nameof(first));
        _rowKernels.SelectRows(_stream, new SelectRowsArguments
        {
            Indices = OnDevice(rows),
            Source = from.Address,
            Output = to.Row(first),
            SourceStride = from.Stride,
            OutputStride = to.Stride,
            Columns = to.Columns,
            Rows = launched,
        });
    }

    /// <inheritdoc/>
    public void Sample(BatchPlan plan, Activations logits)
    {
        var (rows, slot) = ((CudaActivations)logits, OpenSlot(plan));
        if (!Enqueues(rows) || slot.Shape.SampledRows == 0)
            return;
        int launched = slot.Shape.SampledRows;
        _samplingKernels ??= SamplingKernels.Resolve(_kernels, rows.Columns);
        _samplingKernels.Sample(_stream, new SampleArguments
        {
            Logits = rows.Address,
            RowsSampling = slot.Sampling,
            Adjustments = slot.Adjustments,
            Seen = slot.Seen,
            DrawnBefore = Before(plan).Drawn,
            Drawn = slot.Drawn,
            Scratch = _sampling.Ensure((long)rows.Rows * rows.Columns * sizeof(float)),
            LogitsStride = rows.Stride,
            Vocabulary = rows.Columns,
            Rows = launched,
        });
    }

    // Passes take turns between two slots, so what the pass before drew stands in the other one.
    private PassSlot Before(BatchPlan plan) => _slots[1 - plan.Slot]!;

    // For the largest plan at once, so that memory that graphs speak of does not move.
    private RoundedRows RoomForRounded(int rows)
    {
        if (!_options.RoundsActivations || (rows <= LinearKernels.MostFewRows && !_options.BatchInvariant))
            return default;
        rows = Math.Max(rows, _openPlan?.MaxTokens ?? 0);
        long bytes = (long)rows * LinearKernels.RoundedStride(_loader.WidestInput) * sizeof(ushort);
        ulong room = _rounded.Ensure(bytes + (long)rows * sizeof(float));
        return new RoundedRows(room, room + (ulong)bytes);
    }

    // Likewise: what the longest contexts and most rows that the plan has room for take, but no more than one slice.
    private ulong RoomForPartials(long rowBytes, int chunks)
    {
        BatchPlan plan = _openPlan!;
        int longest = PassShape.PaddedChunks(PassShape.ChunksFor((long)plan.MaxBlocks / plan.MaxSequences * plan.BlockSize));
        long largest = rowBytes / chunks * Math.Max(longest, chunks);
        return _partials.Ensure(Math.Max(largest, Math.Min(CudaMemory.MaxPartialBytes, plan.MaxTokens * largest)));
    }

    // Neighbouring sequences of a few rows each go row by row, together; the tiles take the others.
    private void AttendShortRuns(BatchPlan plan, CudaKvStore store, in AttendArguments arguments)
    {
        int first = 0, end = 0;
        foreach (PlannedSequence sequence in plan.Sequences)
        {
            if (sequence.RowCount >= PrefillTile.MinRows)
            {
                AttendRowByRow(store, arguments, first, end);
                first = sequence.FirstRow + sequence.RowCount;
            }
            end = sequence.FirstRow + sequence.RowCount;
        }
        AttendRowByRow(store, arguments, first, end);
    }

    // In slices, so that partial results take bounded memory. A row's result does not depend on them.
    private void AttendRowByRow(CudaKvStore store, AttendArguments arguments, int first, int end)
    {
        if (first >= end)
            return;
        long rowBytes = sizeof(float) * AttentionKernels.PartialFloats(1, arguments.Heads, arguments.Chunks, store.Layout.HeadSize);
        int slice = (int)Math.Clamp(CudaMemory.MaxPartialBytes / rowBytes, 1, MaxSliceRows);
        arguments.Partials = RoomForPartials(rowBytes, arguments.Chunks);
        for (; first < end; first += slice)
        {
            arguments.FirstRow = first;
            arguments.Rows = Math.Min(end, first + slice);
            store.Kernels.Decode(_stream, arguments);
        }
    }

    // The plan's own lists are on the device already; any other is brought there now.
    private unsafe ulong OnDevice(ReadOnlySpan<int> rows)
    {
        if (_open is not null && IsSame(rows, _openPlan!.LogitRows))
            return _open.LogitRows;
        if (_open is not null && IsSame(rows, _openPlan!.HiddenRows))
            return _open.HiddenRows;
        ulong indices = _indices.Ensure((long)rows.Length * sizeof(int));
        fixed (int* source = rows)
            _stream.CopyToDevice(indices, source, (long)rows.Length * sizeof(int));
        _stream.Synchronize(); // the caller's list may go
        return indices;

        static bool IsSame(ReadOnlySpan<int> a, ReadOnlySpan<int> b) =>
            a.Length == b.Length && Unsafe.AreSame(ref MemoryMarshal.GetReference(a), ref MemoryMarshal.GetReference(b));
    }

    private static int Checked(int rows, CudaActivations one, CudaActivations? other = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Math.Min(one.Rows, other?.Rows ?? int.MaxValue));
        return rows;
    }
}
