using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Formats;

namespace LlamaEngine.Backends.Cuda.Kernels;

/// <summary>The kernels for weights of one type: embedding and linear layers. Launching allocates nothing.</summary>
internal sealed class LinearKernels
{
    // Launch shapes, as below the kernels' sources.
    private const int EmbedThreads = 128, FewOutputs = 2, WarpThreads = 32, MostFewThreads = 128, RoundThreads = 256;
    private const int TileRows = 64, TileOutputs = 64, TileThreads = 256;
    private const int SmallTileRows = 16, SmallTileOutputs = 32, SmallTileThreads = 128;

    /// <summary>Rows one launch of <c>linear_few</c> takes.</summary>
    public const int RowsOfFew = 8;

    /// <summary>Up to so many rows the memory-bound kernel is used, where the number of rows may choose.</summary>
    public const int MostFewRows = 8;

    private readonly CudaKernel _embed, _few, _one, _many;
    private readonly CudaKernel? _smallTile, _roundRows;

    private LinearKernels(KernelSet kernels, TensorType type)
    {
        Type = type;
        string suffix = Suffix(type);
        _embed = kernels.Get("embed_" + suffix);
        _few = kernels.Get("linear_few_" + suffix);
        _one = kernels.Get("linear_one_" + suffix);
        _many = kernels.Get("linear_many_" + suffix);
        if (!RoundsInput)
            return;
        _smallTile = kernels.Get("linear_tile16_" + suffix);
        _roundRows = kernels.Get(type == TensorType.BF16 ? "round_rows_bf16" : "round_rows_f16");
    }

    /// <summary>The type.</summary>
    public TensorType Type { get; }

    /// <summary>Whether many rows are multiplied in 16 bits, on tensor cores: all but float32 weights.</summary>
    public bool RoundsInput => Type != TensorType.F32;

    /// <summary>Finds the kernels of a type: once, when a weight is loaded.</summary>
    public static LinearKernels Resolve(KernelSet kernels, TensorType type) => new(kernels, type);

    /// <summary>What the names of a type's kernels end with.</summary>
    public static string Suffix(TensorType type) => type.ToString().ToLowerInvariant();

    /// <summary>Columns of a rounded row, from one to the next: whole vectors for the tensor cores.</summary>
    public static int RoundedStride(int columns) => checked(columns + 63) / 64 * 64;

    /// <summary>Looks rows up in a table of this type.</summary>
    public void Embed(CudaStream stream, in EmbedArguments arguments) => stream.Launch(_embed, arguments, new Grid(arguments.Rows), EmbedThreads);

    /// <summary>
    /// output = input · weightᵀ + bias. By default the number of rows chooses the kernel; a row's result then depends on it, within
    /// rounding. In batch-invariant mode it never does.
    /// </summary>
    /// <param name="stream">Where it is enqueued.</param>
    /// <param name="arguments">The operation, for any number of rows.</param>
    /// <param name="rounded">Room for the rows in 16 bits; unused for float32 weights.</param>
    /// <param name="batchInvariant">Whether a row's result is to be the same bits in every batch.</param>
    public void Multiply(CudaStream stream, in LinearArguments arguments, RoundedRows rounded, bool batchInvariant)
    {
        if (!batchInvariant && arguments.Rows <= MostFewRows)
            MultiplyFew(stream, arguments);
        else if (!RoundsInput)
            MultiplyFloats(stream, arguments);
        else
            MultiplyRounded(stream, arguments, rounded);
    }

    /// <summary>The memory-bound kernel, eight rows at a time: every sum in float32, a row's result the same in every batch.</summary>
    public void MultiplyFew(CudaStream stream, in LinearArguments arguments)
    {
        Grid grid = new(Blocks(arguments.Outputs, FewOutputs));
        // A thread takes a part of a row: 32 values of a block, or 8 floats. The row's length alone decides, so that results are the same in every batch.
        int parts = Blocks(arguments.Inputs, Type.IsQuantized() ? 32 : 8);
        int threads = Math.Min(Blocks(parts, WarpThreads) * WarpThreads, MostFewThreads);
        for (int done = 0; done < arguments.Rows; done += RowsOfFew)
        {
            LinearArguments part = arguments;
            part.Rows = Math.Min(RowsOfFew, arguments.Rows - done);
            part.Input += (ulong)((long)done * arguments.InputStride * sizeof(float));
            part.Output += (ulong)((long)done * arguments.OutputStride * sizeof(float));
            stream.Launch(part.Rows == 1 ? _one : _few, part, grid, threads);
        }
    }

    /// <summary>Rounds the rows and multiplies on tensor cores; a row's result is the same in every batch.</summary>
    public void MultiplyRounded(CudaStream stream, in LinearArguments arguments, RoundedRows rounded)
    {
        RoundRows(stream, new RoundRowsArguments
        {
            Input = arguments.Input,
            Output = rounded.Values,
            Scales = rounded.Scales,
            InputStride = arguments.InputStride,
            OutputStride = RoundedStride(arguments.Inputs),
            Columns = arguments.Inputs,
            Rows = arguments.Rows,
        });
        MultiplyMany(stream, new LinearManyArguments
        {
            Weight = arguments.Weight,
            Bias = arguments.Bias,
            Input = rounded.Values,
            Scales = rounded.Scales,
            Output = arguments.Output,
            RowBytes = arguments.RowBytes,
            InputStride = RoundedStride(arguments.Inputs),
            OutputStride = arguments.OutputStride,
            Inputs = arguments.Inputs,
            Outputs = arguments.Outputs,
            Rows = arguments.Rows,
        });
    }

    /// <summary>Rounds rows to the 16-bit type that this one is multiplied in.</summary>
    public void RoundRows(CudaStream stream, in RoundRowsArguments arguments) =>
        stream.Launch(_roundRows ?? throw FloatsOnly(), arguments, new Grid(arguments.Rows), RoundThreads);

    /// <summary>Multiplies rounded rows: up to 16 in a small tile, which gives the same bits.</summary>
    public void MultiplyMany(CudaStream stream, in LinearManyArguments arguments)
    {
        if (_smallTile is null)
            throw FloatsOnly();
        if (arguments.Rows <= SmallTileRows)
            stream.Launch(_smallTile, arguments, new Grid(Blocks(arguments.Rows, SmallTileRows), Blocks(arguments.Outputs, SmallTileOutputs)), SmallTileThreads);
        else
            stream.Launch(_many, arguments, new Grid(Blocks(arguments.Rows, TileRows), Blocks(arguments.Outputs, TileOutputs)), TileThreads);
    }

    /// <summary>Multiplies with float32 weights, nothing rounded to 16 bits; a row's result is the same in every batch.</summary>
    public void MultiplyFloats(CudaStream stream, in LinearArguments arguments)
    {
        if (RoundsInput)
            throw new InvalidOperationException($"{Type} weights are multiplied in 16 bits: use {nameof(MultiplyRounded)}.");
        stream.Launch(_many, arguments, new Grid(Blocks(arguments.Rows, TileRows), Blocks(arguments.Outputs, TileOutputs)), TileThreads);
    }

    private static int Blocks(int count, int size) => (int)(((long)count + size - 1) / size);

    private InvalidOperationException FloatsOnly() => new($"{Type} weights are multiplied in float32: use {nameof(MultiplyFloats)}.");
}

/// <summary>Room for rows in 16 bits and their scales, on the device.</summary>
/// <param name="Values">Rows of <see cref="LinearKernels.RoundedStride"/> 16-bit numbers.</param>
/// <param name="Scales">A float a row.</param>
internal readonly record struct RoundedRows(ulong Values, ulong Scales);
