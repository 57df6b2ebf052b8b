using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Linear;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Simd;
using LlamaEngine.Devices;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cpu;

/// <summary>Computes on the processor: unmanaged memory, own threads, no allocation per step.</summary>
/// <remarks>
/// Every row's result is the same bit for bit whatever the other rows, the number of rows and the number of threads are. Calls
/// come from one thread at a time; <see cref="BytesHeld"/> may be read by any.
/// </remarks>
internal sealed unsafe class CpuBackend : IBackend
{
    private readonly WorkerPool _pool;
    private readonly MemoryCounter _memory = new();
    private readonly KernelTable _kernels;
    private readonly LinearLoader _loader;
    private readonly Workspace _workspace;

    /// <summary>Starts the threads.</summary>
    public CpuBackend(CpuOptions options)
    {
        InstructionSet = CpuInstructionSets.Detect(options.MaxInstructionSet);
        _kernels = KernelTable.For(InstructionSet);
        _pool = new WorkerPool(options.Threads);
        _workspace = new Workspace(_pool, _memory);
        _loader = new LinearLoader(options, InstructionSet, _kernels, _pool, _memory);
    }

    /// <summary>The instruction set in use.</summary>
    public CpuInstructionSet InstructionSet { get; }

    /// <summary>Unmanaged bytes held now, by this backend and what it made.</summary>
    public long BytesHeld => _memory.Bytes;

    /// <inheritdoc/>
    public string Description => $"CPU, {InstructionSet}, {Threads} threads";

    /// <inheritdoc/>
    public int Threads => _pool.Threads;

    /// <inheritdoc/>
    public int StepsAhead => 0;

    /// <inheritdoc/>
    public DeviceMemory Memory => new HostMemory(MemoryBudget.Available());

    /// <inheritdoc/>
    public Activations Allocate(int rows, int columns) => new CpuActivations(rows, columns, _memory);

    /// <inheritdoc/>
    public VectorWeight LoadVector(TensorData vector) => new CpuVector(vector, _memory);

    /// <inheritdoc/>
    public EmbeddingWeight LoadEmbedding(TensorData table) => new CpuEmbedding(table);

    /// <inheritdoc/>
    public KvStore CreateKvStore(KvLayout layout, int blocks) => new CpuKvStore(layout, blocks, _memory);

    /// <inheritdoc/>
    public RopeTable CreateRope(RopeConfiguration configuration, int headSize, int positions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(configuration.Dimension, headSize);
        return new CpuRopeTable(configuration, _memory);
    }

    /// <inheritdoc/>
    public LinearWeight LoadLinear(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, CancellationToken cancellation) =>
        _loader.Load(weights, biases, cancellation);

    /// <inheritdoc/>
    public void Embed(EmbeddingWeight table, BatchPlan plan, Activations output)
    {
        CpuActivations rows = (CpuActivations)output;
        ReadOnlySpan<int> tokens = plan.Tokens;
        for (int row = 0; row < tokens.Length; row++)
            ((CpuEmbedding)table).Decode(tokens[row], rows.Row(row));
    }

    /// <inheritdoc/>
    public void RmsNorm(Activations residual, Activations? delta, VectorWeight weight, float epsilon, Activations output, int rows)
    {
        CpuActivations residualRows = (CpuActivations)residual, outputRows = (CpuActivations)output;
        CpuActivations? deltaRows = (CpuActivations?)delta;
        RmsNormJob job = new()
        {
            Residual = residualRows.Data,
            ResidualStride = residualRows.Stride,
            Delta = deltaRows is null ? null : deltaRows.Data,
            DeltaStride = deltaRows is null ? 0 : deltaRows.Stride,
            Weight = ((CpuVector)weight).Data,
            Output = outputRows.Data,
            OutputStride = outputRows.Stride,
            Columns = weight.Length,
            Epsilon = epsilon,
        };
        _pool.Run(_kernels.RmsNorm, &job, rows);
    }

    /// <inheritdoc/>
    public void Linear(LinearWeight weight, Activations input, Activations output, int rows) =>
        ((CpuLinearWeight)weight).Multiply(_workspace, (CpuActivations)input, (CpuActivations)output, rows);

    /// <inheritdoc/>
    public void RotateAndStore(RopeTable rope, BatchPlan plan, Activations qkv, KvStore cache, int layer)
    {
        CpuActivations rows = (CpuActivations)qkv;
        CpuRopeTable table = (CpuRopeTable)rope;
        int last = 0;
        foreach (int position in plan.Positions)
            last = Math.Max(last, position);
        fixed (int* positions = plan.Positions, slots = plan.CacheSlots)
        {
            RopeJob job = new()
            {
                Qkv = rows.Data,
                Stride = rows.Stride,
                Table = table.UpTo(last),
                TableStride = table.RowFloats,
                Positions = positions,
                CacheSlots = slots,
                Layout = table.Layout,
                Dimension = table.Dimension,
                Heads = cache.Layout.Heads,
                Cache = ((CpuKvStore)cache).Layer(layer),
            };
            _pool.Run(_kernels.Rope, &job, plan.TokenCount);
        }
    }

    /// <inheritdoc/>
    public void Attend(BatchPlan plan, Activations qkv, KvStore cache, int layer, int window, Activations output)
    {
        CpuActivations rows = (CpuActivations)qkv, outputRows = (CpuActivations)output;
        KvView view = ((CpuKvStore)cache).Layer(layer);
        int group = cache.Layout.Heads / view.Heads;
        byte* scratch = _workspace.Scratch(AttentionScratch.Bytes(view, group));
        AttentionTile* tiles = (AttentionTile*)_workspace.Shared((long)plan.TokenCount * sizeof(AttentionTile));
        int tileCount = CutIntoTiles(plan, AttentionScratch.RowsPerTile(group), tiles);
        fixed (int* positions = plan.Positions, blockTables = plan.BlockTables)
        fixed (PlannedSequence* sequences = plan.Sequences)
        {
            AttentionJob job = new()
            {
                Qkv = rows.Data,
                QkvStride = rows.Stride,
                Output = outputRows.Data,
                OutputStride = outputRows.Stride,
                Heads = cache.Layout.Heads,
                Window = window,
                Positions = positions,
                BlockTables = blockTables,
                Sequences = sequences,
                Tiles = tiles,
                Cache = view,
                Scratch = scratch,
                ScratchStride = _workspace.ScratchStride,
            };
            _pool.Run(_kernels.Attention, &job, tileCount * view.Heads);
        }
    }

    /// <inheritdoc/>
    public void SwiGlu(Activations gateUp, Activations output, int rows)
    {
        CpuActivations inputRows = (CpuActivations)gateUp, outputRows = (CpuActivations)output;
        SwiGluJob job = new()
        {
            GateUp = inputRows.Data,
            InputStride = inputRows.Stride,
            Output = outputRows.Data,
            OutputStride = outputRows.Stride,
            Columns = inputRows.Columns / 2,
        };
        _pool.Run(_kernels.SwiGlu, &job, rows);
    }

    /// <inheritdoc/>
    public void SelectRows(ReadOnlySpan<int> rows, Activations source, Activations destination, int first)
    {
        CpuActivations from = (CpuActivations)source, to = (CpuActivations)destination;
        for (int i = 0; i < rows.Length; i++)
            new ReadOnlySpan<float>(from.Row(rows[i]), from.Columns).CopyTo(new Span<float>(to.Row(first + i), to.Columns));
    }

    /// <inheritdoc/>
    public void BeginStep(BatchPlan plan)
    {
    }

    /// <inheritdoc/>
    public void EndStep(BatchPlan plan)
    {
    }

    /// <inheritdoc/>
    public void Finish(BatchPlan plan)
    {
    }

    /// <inheritdoc/>
    public void Sample(BatchPlan plan, Activations logits) => throw new NotSupportedException("Tokens are drawn by the engine's loop.");

    /// <inheritdoc/>
    public ReadOnlySpan<int> Drawn(BatchPlan plan) => [];

    /// <inheritdoc/>
    public Span<float> Read(Activations activations, int row) =>
        new(((CpuActivations)activations).Row(row), activations.Columns);

    /// <inheritdoc/>
    public void Dispose()
    {
        _pool.Dispose();
        _workspace.Dispose();
    }

    /// <summary>Cuts every sequence's rows into tiles; returns how many.</summary>
    private static int CutIntoTiles(BatchPlan plan, int rowsPerTile, AttentionTile* tiles)
    {
        int count = 0;
        ReadOnlySpan<PlannedSequence> sequences = plan.Sequences;
        for (int i = 0; i < sequences.Length; i++)
        {
            for (int row = 0; row < sequences[i].RowCount; row += rowsPerTile)
                tiles[count++] = new AttentionTile(sequences[i].FirstRow + row, Math.Min(rowsPerTile, sequences[i].RowCount - row), i);
        }
        return count;
    }
}
