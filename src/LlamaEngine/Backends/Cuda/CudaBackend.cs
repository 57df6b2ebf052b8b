using LlamaEngine.Backends.Cuda.Cache;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Backends.Cuda.Loading;
using LlamaEngine.Backends.Cuda.Passes;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Computes on a CUDA device: weights, cache and activations live there, and a decode step crosses the bus with a few bytes.</summary>
/// <remarks>
/// All work is enqueued on one stream, in the order of the calls; a second one brings results of a finished pass to the host while
/// the next pass is computed. Passes that only decode are recorded when their shape is met a second time, and replayed from then on: see
/// CudaBackend.Passes.cs.
/// </remarks>
internal sealed partial class CudaBackend : IBackend
{
    private readonly CudaOptions _options;
    private readonly CudaContext _context;
    private readonly KernelSet _kernels = null!;
    private readonly CudaStream _stream = null!, _reads = null!;
    private readonly UploadRing _uploads = null!;
    private readonly CudaWeightLoader _loader = null!;
    private readonly RowKernels _rowKernels = null!;
    private readonly ScratchBuffer _rounded, _partials, _sampling, _indices;
    private readonly GraphCache _graphs = new();
    private SamplingKernels? _samplingKernels;
    private bool _disposed;

    /// <summary>Opens a device and loads the kernels.</summary>
    /// <exception cref="DeviceUnavailableException">There is no such device, or the kernels cannot run on it.</exception>
    public CudaBackend(CudaOptions options)
    {
        _options = options;
        _context = CudaContext.Open(options.Ordinal);
        _rounded = new ScratchBuffer(_context, ForgetGraphs);
        _partials = new ScratchBuffer(_context, ForgetGraphs);
        _sampling = new ScratchBuffer(_context, ForgetGraphs);
        _indices = new ScratchBuffer(_context, ForgetGraphs);
        try
        {
            _kernels = KernelSet.Load(_context);
            _stream = new CudaStream(_context);
            _reads = new CudaStream(_context);
            _uploads = new UploadRing(_stream);
            _loader = new CudaWeightLoader(_context, _kernels, _uploads);
            _rowKernels = new RowKernels(_kernels);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Description
    {
        get
        {
            CudaDevice device = _context.Device;
            string software = CudaDriver.IsSoftware ? ", a software device for tests" : "";
            return $"CUDA, {device.Name} (cuda:{device.Ordinal}, compute capability {device.ComputeCapability}, kernels for {_kernels.Target}{software})";
        }
    }

    /// <summary>The one that enqueues.</summary>
    public int Threads => 1;

    /// <inheritdoc/>
    public int StepsAhead => 1;

    /// <inheritdoc/>
    public DeviceMemory Memory => new CudaMemory(CudaMemory.FreeOn(_context));

    /// <summary>Bytes of device memory and of pinned memory held now, by this backend and what it made.</summary>
    public long BytesHeld => _context.BytesHeld;

    /// <summary>Passes that are recorded, or were met once.</summary>
    internal int KnownPasses => _graphs.Count;

    /// <summary>The stream that computes: for tests.</summary>
    internal CudaStream Stream => _stream;

    /// <inheritdoc/>
    public Activations Allocate(int rows, int columns)
    {
        ForgetGraphs();
        return new CudaActivations(_context, rows, columns);
    }

    /// <inheritdoc/>
    public LinearWeight LoadLinear(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, CancellationToken cancellation) =>
        _loader.LoadLinear(weights, biases, cancellation);

    /// <inheritdoc/>
    public VectorWeight LoadVector(TensorData vector) => _loader.LoadVector(vector);

    /// <inheritdoc/>
    public EmbeddingWeight LoadEmbedding(TensorData table) => _loader.LoadEmbedding(table);

    /// <inheritdoc/>
    public KvStore CreateKvStore(KvLayout layout, int blocks)
    {
        ForgetGraphs();
        return new CudaKvStore(_stream, _kernels, layout, blocks);
    }

    /// <inheritdoc/>
    public RopeTable CreateRope(RopeConfiguration configuration, int headSize, int positions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(configuration.Dimension, headSize);
        return new CudaRopeTable(_context, _uploads, configuration, positions);
    }

    /// <inheritdoc/>
    public Span<float> Read(Activations activations, int row)
    {
        if (_mode is PassMode.Records or PassMode.Replays)
            throw new InvalidOperationException("Nothing can be read while a pass is being enqueued.");
        var rows = (CudaActivations)activations;
        WaitFor(rows.Pass);
        return rows.Read(_reads, row);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_mode == PassMode.Records)
            _stream.AbandonCapture();
        _stream?.Settle();
        _graphs.Dispose();
        foreach (PassSlot? slot in _slots)
            slot?.Dispose();
        _rounded.Dispose();
        _partials.Dispose();
        _sampling.Dispose();
        _indices.Dispose();
        _uploads?.Dispose();
        _reads?.Dispose();
        _stream?.Dispose();
        _kernels?.Dispose();
        _context.Dispose();
    }

    // Before addresses that graphs speak of change.
    private void ForgetGraphs()
    {
        if (_graphs.Count == 0)
            return;
        if (_mode == PassMode.Records)
            throw new InvalidOperationException("Memory cannot move while a pass is being recorded.");
        _stream.Synchronize();
        _graphs.Clear();
    }
}
