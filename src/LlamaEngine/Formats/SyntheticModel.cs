using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.Quantization;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Formats;

/// <summary>
/// A model of a published shape with random weights, for measuring speed without a file. It has no tokenizer.
/// </summary>
/// <remarks>
/// A tensor's memory is allocated and filled when it is first asked for, by tiling a pool of random blocks: every byte is
/// there and is read as that of a real model would be, and a seed fixes all of them. Thread-safe; frees its memory when
/// disposed.
/// </remarks>
internal sealed unsafe class SyntheticModel : ModelFile
{
    /// <summary>Values in the pool: prime blocks of 256, so that tiles do not line up with rows.</summary>
    private const int PoolValues = 8191 * 256;

    /// <summary>Deviation of the weights; near that of trained ones.</summary>
    private const float WeightDeviation = 0.02f;

    private const int Seed = 20261121, PieceBytes = 4 << 20, CacheLine = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, TensorInfo> _infos;
    private readonly Dictionary<string, nint> _data = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorType, byte[]> _pools = [];
    private bool _disposed;

    private SyntheticModel(string name, LlamaConfiguration configuration, TensorType type)
    {
        Name = name;
        Path = $"synthetic:{name}";
        Type = type;
        Configuration = configuration;
        Tensors = SyntheticShapes.Tensors(configuration, type);
        _infos = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The type of the weights.</summary>
    public TensorType Type { get; }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override LlamaConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override ImmutableArray<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public override string? ChatTemplate => null;

    /// <inheritdoc/>
    public override JsonObject GenerationConfig => [];

    /// <inheritdoc/>
    public override ImmutableArray<int> EndTokenIds => [];

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Makes a model from a description such as <c>llama-3.2-1b:Q4_0</c>. Allocates no weights yet.</summary>
    /// <exception cref="ArgumentException">The description is not SHAPE:TYPE, or names an unknown shape or type.</exception>
    public static SyntheticModel Parse(string description)
    {
        int colon = description.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            throw new ArgumentException($"'{description}' is not SHAPE:TYPE. {Known()}");
        LlamaConfiguration configuration = SyntheticShapes.Find(description[..colon]);
        string typeName = description[(colon + 1)..];
        foreach (TensorType type in TensorTypes.All)
        {
            if (string.Equals(type.ToString(), typeName, StringComparison.OrdinalIgnoreCase))
                return new SyntheticModel($"{description[..colon]}:{type}", configuration, type);
        }
        throw new ArgumentException($"Unknown type '{typeName}'. {Known()}");
    }

    /// <inheritdoc/>
    /// <exception cref="InsufficientDeviceMemoryException">The weights do not fit into memory.</exception>
    public override bool TryGetTensor(string name, out TensorData tensor)
    {
        tensor = default;
        if (!_infos.TryGetValue(name, out TensorInfo? info))
            return false;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_data.TryGetValue(name, out nint data))
            {
                EnsureRoom();
                data = (nint)NativeMemory.AlignedAlloc((nuint)info.ByteLength, CacheLine);
                _data.Add(name, data);
                FillTensor(info, (byte*)data);
            }
            tensor = new TensorData(info, (byte*)data);
            return true;
        }
    }

    /// <inheritdoc/>
    public override Tokenizer? LoadTokenizer() => null;

    /// <summary>The identity of what the weights are made from, which fixes all of them; none is made for it.</summary>
    public override ModelIdentity ComputeIdentity(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var writer = new ModelIdentityWriter();
        writer.Write("LlamaEngine synthetic model 1");
        writer.Write(Seed);
        writer.Write(Configuration);
        writer.Write(Tensors.Length);
        foreach (TensorInfo tensor in Tensors)
            writer.Write(tensor);
        return writer.ToIdentity();
    }

    /// <summary>Writes the model as a GGUF file without a vocabulary, which llama.cpp's llama-bench can run as well.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path, CancellationToken cancellationToken = default)
    {
        Dictionary<string, object> metadata = GgufWriterMetadata.Describe(Configuration, Name);
        metadata["tokenizer.ggml.model"] = "no_vocab";
        metadata[FileTypes.Key] = FileTypes.NumberOf(Type);
        using GgufWriter writer = GgufWriter.Create(path, metadata, Tensors);
        foreach (TensorInfo info in Tensors)
        {
            TryGetTensor(info.Name, out TensorData tensor);
            for (long at = 0; at < info.ByteLength; at += PieceBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                writer.Write(new ReadOnlySpan<byte>(tensor.Data + at, (int)Math.Min(PieceBytes, info.ByteLength - at)));
            }
        }
        writer.Complete();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_lock)
        {
            foreach (nint data in _data.Values)
                NativeMemory.AlignedFree((void*)data);
            _data.Clear();
            _disposed = true;
        }
    }

    private static string Known() =>
        $"Shapes: {string.Join(", ", SyntheticShapes.Names)}. Types: {string.Join(", ", TensorTypes.All.ToArray())}.";

    /// <summary>Asked once, before the first tensor: all of them will be needed.</summary>
    private void EnsureRoom()
    {
        if (_data.Count > 0)
            return;
        long needed = Tensors.Sum(tensor => tensor.ByteLength), available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
            throw new InsufficientDeviceMemoryException(needed, available, "Choose a smaller shape or type.");
    }

    private void FillTensor(TensorInfo info, byte* data)
    {
        if (info.Name == GgufWriterMetadata.DivisorsName)
            Configuration.Rope.FrequencyDivisors.CopyTo(new Span<float>(data, (int)info.ElementCount));
        else if (info.Shape.Length == 1)
            new Span<float>(data, (int)info.ElementCount).Fill(1);
        else
            Tile(Pool(info.Type), data, info.ByteLength, StartOf(info));
    }

    private byte[] Pool(TensorType type)
    {
        if (_pools.TryGetValue(type, out byte[]? pool))
            return pool;
        pool = new byte[type.ByteLength(PoolValues)];
        SyntheticBlocks.Fill(type, pool, WeightDeviation, Seed);
        return _pools[type] = pool;
    }

    /// <summary>The byte of the pool that a tensor starts with: a whole block, another for each tensor.</summary>
    private long StartOf(TensorInfo info)
    {
        int block = info.Type.BytesPerBlock();
        return Tensors.IndexOf(info) * 977L % (info.Type.ByteLength(PoolValues) / block) * block;
    }

    /// <summary>Copies the pool over and over, starting <paramref name="start"/> bytes into it, on all processors.</summary>
    private static void Tile(byte[] pool, byte* data, long bytes, long start)
    {
        long pieces = (bytes + PieceBytes - 1) / PieceBytes;
        Parallel.For(0, pieces, piece =>
        {
            long at = piece * PieceBytes, end = Math.Min(at + PieceBytes, bytes);
            while (at < end)
            {
                int from = (int)((start + at) % pool.Length);
                int count = (int)Math.Min(pool.Length - from, end - at);
                pool.AsSpan(from, count).CopyTo(new Span<byte>(data + at, count));
                at += count;
            }
        });
    }
}
