using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Kernels;

/// <summary>Launches rotation, cache writing and attention for one shape of KV cache.</summary>
internal sealed class AttentionKernels
{
    /// <summary>Largest head size there are kernels for.</summary>
    public const int MaxHeadSize = 256;

    // Constants of the kernels' sources, named alike there.
    private const int RotateWarps = 4;
    private const int DecodeThreads = 128, DecodeGroup = 16, DecodeSlots = 16 /* warps · tile */, CombineThreads = 128;
    private const int PrefillThreads = 128, PrefillKeys = 64, PrefillWidth = 128, PrefillWideKeys = 32, PrefillSkew = 8;

    private const int WarpThreads = 32, Fragment = 8, PlaceBytes = 8;

    private readonly int _headSize, _keyValueHeads, _group;
    private readonly CudaKernel _rotateAndStore, _decode, _combine;
    private readonly CudaKernel? _prefill;

    /// <summary>Finds the kernels of a cache's type and head size.</summary>
    /// <exception cref="UnsupportedModelException">There are none for its head size.</exception>
    public AttentionKernels(KernelSet kernels, KvLayout layout)
    {
        if (layout.HeadSize > MaxHeadSize)
            throw new UnsupportedModelException($"heads of {layout.HeadSize} values on a CUDA device", $"up to {MaxHeadSize} values");
        (_headSize, _keyValueHeads, _group) = (layout.HeadSize, layout.KeyValueHeads, layout.Heads / layout.KeyValueHeads);
        string suffix = Suffix(layout.Type);
        _rotateAndStore = kernels.Get("rotate_and_store_" + suffix);
        _decode = kernels.Get("attend_decode_" + suffix);
        _combine = kernels.Get("attend_combine");
        if (layout.Type == KvType.F32)
            return;
        _prefill = kernels.Get((layout.HeadSize > PrefillWidth ? "attend_prefill_wide_" : "attend_prefill_") + suffix);
        _prefill.AllowSharedBytes(PrefillSharedBytes);
    }

    /// <summary>
    /// Whether there is a kernel for many rows at once. It computes with 16-bit operands, so a float32 cache has none: its rows are
    /// attended to one by one, exactly.
    /// </summary>
    public bool CanPrefill => _prefill is not null;

    private int PrefillSharedBytes
    {
        get
        {
            int keys = _headSize > PrefillWidth ? PrefillWideKeys : PrefillKeys, stride = DividedUp(_headSize, 16) * 16 + PrefillSkew;
            return (AttendArguments.TileRows + 2 * keys) * stride * sizeof(ushort) + 2 * keys * PlaceBytes;
        }
    }

    private int DecodeSharedBytes
    {
        get
        {
            int heads = Math.Min(_group, DecodeGroup), padded = DividedUp(_headSize, Fragment) * Fragment;
            int floats = Math.Max(heads, DecodeSlots) * padded + heads * AttendArguments.ChunkPositions;
            return floats * sizeof(float) + AttendArguments.ChunkPositions * PlaceBytes;
        }
    }

    /// <summary>The part of a kernel's name that stands for a type.</summary>
    public static string Suffix(KvType type) => type switch
    {
        KvType.F32 => "f32",
        KvType.F16 => "f16",
        KvType.BF16 => "bf16",
        KvType.Q8_0 => "q8_0",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a number format of the KV cache."),
    };

    /// <summary>Floats that the partials of rows take which see up to so many chunks.</summary>
    public static long PartialFloats(long rows, int heads, int chunks, int headSize) => rows * heads * chunks * (headSize + 2);

    /// <summary>Rotates queries in place and writes keys and values into the cache.</summary>
    public void RotateAndStore(CudaStream stream, in RotateAndStoreArguments arguments)
    {
        int heads = arguments.Heads + 2 * _keyValueHeads;
        if (arguments.Rows > 0)
            stream.Launch(_rotateAndStore, arguments, new Grid(arguments.Rows, DividedUp(heads, RotateWarps)), RotateWarps * WarpThreads);
    }

    /// <summary>Attends with each of the rows [FirstRow, Rows) by itself.</summary>
    public void Decode(CudaStream stream, in AttendArguments arguments)
    {
        int rows = arguments.Rows - arguments.FirstRow;
        if (rows <= 0)
            return;
        Grid grid = new(arguments.Chunks, _keyValueHeads * DividedUp(_group, DecodeGroup), rows);
        stream.Launch(_decode, arguments, grid, DecodeThreads, DecodeSharedBytes);
        stream.Launch(_combine, arguments, new Grid(arguments.Heads, rows), CombineThreads);
    }

    /// <summary>Attends with tiles of neighbouring rows; see <see cref="CanPrefill"/>.</summary>
    public void Prefill(CudaStream stream, in AttendArguments arguments)
    {
        CudaKernel kernel = _prefill ?? throw new InvalidOperationException("A float32 cache is attended to row by row.");
        if (arguments.TileCount > 0)
            stream.Launch(kernel, arguments, new Grid(arguments.Heads, arguments.TileCount), PrefillThreads, PrefillSharedBytes);
    }

    private static int DividedUp(int count, int by) => (count + by - 1) / by;
}
