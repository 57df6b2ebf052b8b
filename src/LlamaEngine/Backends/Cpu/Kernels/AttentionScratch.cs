namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>One thread's memory for one tile of <see cref="AttentionKernel{TLanes}"/>; queries are padded to whole quads.</summary>
internal readonly unsafe struct AttentionScratch
{
    /// <summary>Most queries of a tile, heads that share keys counted apart.</summary>
    public const int MostQueries = 32;

    private const int Quad = 4;

    private readonly float* _queries, _scores;
    private readonly int _headSize;

    /// <summary>Divides the memory.</summary>
    public AttentionScratch(byte* memory, in KvView cache, int queries)
    {
        Queries = queries;
        PaddedQueries = Pad(queries);
        PaddedSpan = cache.PaddedSpan;
        _headSize = cache.HeadSize;
        Panels = (float*)memory;
        Sums = Panels + PanelFloats(cache);
        _scores = Sums + PaddedQueries * cache.PaddedHead;
        _queries = _scores + PaddedQueries * cache.PaddedSpan;
        Largest = _queries + PaddedQueries * cache.HeadSize;
        Totals = Largest + PaddedQueries;
        Shrink = Totals + PaddedQueries;
    }

    /// <summary>Queries in the tile: rows × heads that share keys.</summary>
    public int Queries { get; }

    /// <summary>The same, a multiple of four.</summary>
    public int PaddedQueries { get; }

    /// <summary>Positions per span, padding included.</summary>
    public int PaddedSpan { get; }

    /// <summary>A span's keys or values as float32 [16 columns][row][column].</summary>
    public float* Panels { get; }

    /// <summary>Weighted sums of values.</summary>
    public float* Sums { get; }

    /// <summary>The largest score of each query so far.</summary>
    public float* Largest { get; }

    /// <summary>The sum of weights of each query so far.</summary>
    public float* Totals { get; }

    /// <summary>What this span's new largest score makes of earlier weights.</summary>
    public float* Shrink { get; }

    /// <summary>A query's values.</summary>
    public float* Query(int query) => _queries + query * _headSize;

    /// <summary>A query's scores, then weights, in the current span.</summary>
    public float* Scores(int query) => _scores + query * PaddedSpan;

    /// <summary>Rows in a tile.</summary>
    public static int RowsPerTile(int group) => Math.Max(1, MostQueries / group);

    /// <summary>Bytes for tiles of the largest size.</summary>
    public static long Bytes(in KvView cache, int group) =>
        (PanelFloats(cache) + (long)Pad(RowsPerTile(group) * group) * (cache.PaddedHead + cache.PaddedSpan + cache.HeadSize + 3)) * sizeof(float);

    private static int PanelFloats(in KvView cache) => Math.Max(cache.HeadSize, cache.PaddedHead) * cache.PaddedSpan;

    private static int Pad(int queries) => (queries + Quad - 1) / Quad * Quad;
}
