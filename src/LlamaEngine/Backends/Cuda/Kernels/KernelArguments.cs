using System.Runtime.InteropServices;

namespace LlamaEngine.Backends.Cuda.Kernels;

// The structs of native/kernels/kernels.h, field by field in this order; what the fields mean stands there. Pointers are device
// addresses, 0 for null.

/// <summary>A sequence's part of the plan; 0 rows: padding.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PlanSequence
{
    public int FirstRow, RowCount, FirstPosition, FirstBlock;
}

/// <summary>embed.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EmbedArguments
{
    public ulong Table, Tokens, Drawn, Output;
    public long RowBytes;
    public int Columns, OutputStride, Rows, Vocabulary;
}

/// <summary>rms_norm.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RmsNormArguments
{
    public ulong Residual, Delta, Weight, Output;
    public int ResidualStride, DeltaStride, OutputStride, Columns, Rows;
    public float Epsilon;
}

/// <summary>linear_few.cu, and linear_many_f32 of linear_many.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearArguments
{
    public ulong Weight, Bias, Input, Output;
    public long RowBytes;
    public int InputStride, OutputStride, Inputs, Outputs, Rows;
}

/// <summary>round_rows.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RoundRowsArguments
{
    public ulong Input, Output, Scales;
    public int InputStride, OutputStride, Columns, Rows;
}

/// <summary>linear_many.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearManyArguments
{
    public ulong Weight, Bias, Input, Scales, Output;
    public long RowBytes;
    public int InputStride, OutputStride, Inputs, Outputs, Rows;
}

/// <summary>A layer of the KV cache.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CacheView
{
    public ulong Layer;
    public long BlockBytes;
    public long ValueOffset, KeyScaleOffset, ValueScaleOffset;
    public int KeyValueHeads, HeadSize, BlockSize;
    private readonly int _reserved;
}

/// <summary>rotate_and_store.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RotateAndStoreArguments
{
    public CacheView Cache;
    public ulong Qkv, Table, Positions, CacheSlots;
    public int Stride, Heads, Dimension, Rows;
    public int Interleaved;
    private readonly int _reserved;
}

/// <summary>attend_decode.cu, attend_prefill.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttendArguments
{
    /// <summary>ATTEND_CHUNK: positions one block of the decode kernel attends to.</summary>
    public const int ChunkPositions = 256;

    /// <summary>ATTEND_TILE_ROWS: query rows of one block of the prefill kernel.</summary>
    public const int TileRows = 64;

    public CacheView Cache;
    public ulong Qkv, Output, Positions, RowSequences, Sequences, BlockTables, Partials;
    public int QkvStride, OutputStride, Heads, Rows;
    public int Chunks;
    public int Window;
    public int FirstRow;
    public int TileCount;
    public ulong Tiles;
    public float Scale;
    private readonly int _reserved;
}

/// <summary>swiglu.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SwiGluArguments
{
    public ulong GateUp, Output;
    public int InputStride, OutputStride, Columns, Rows;
}

/// <summary>select_rows.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SelectRowsArguments
{
    public ulong Indices, Source, Output;
    public int SourceStride, OutputStride, Columns, Rows;
}

/// <summary>sample.cu</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SampleArguments
{
    /// <summary>SAMPLE_NOT_FINITE: a logit is NaN or +∞.</summary>
    public const int NotFinite = -1;

    /// <summary>SAMPLE_NONE_ALLOWED: every token is forbidden.</summary>
    public const int NoneAllowed = -2;

    public ulong Logits, RowsSampling, Adjustments, Seen, Masks, DrawnBefore, Drawn, Scratch;
    public int LogitsStride, Vocabulary, Rows, MaskWords;
}
