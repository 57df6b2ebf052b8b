using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Some neighbouring rows of one sequence.</summary>
internal readonly record struct AttentionTile(int FirstRow, int Rows, int Sequence);

/// <summary>Operands of <see cref="AttentionKernel{TLanes}"/>.</summary>
internal unsafe struct AttentionJob
{
    public float* Qkv, Output;
    public int QkvStride, OutputStride, Heads, Window;
    public int* Positions, BlockTables;
    public PlannedSequence* Sequences;
    public AttentionTile* Tiles;
    public KvView Cache;

    /// <summary>Scratch of thread 0; the others' stand behind.</summary>
    public byte* Scratch;
    public long ScratchStride;
}

/// <summary>
/// Causal attention with a running softmax over spans of the cache (Milakov and Gimelshein 2018, arXiv 1805.02867; Dao et
/// al. 2022, arXiv 2205.14135). One chunk is one tile of rows and one key-value head, with all query heads that share it: what
/// is read and widened of the cache serves all of them.
/// </summary>
/// <remarks>
/// Spans are taken in order of position from absolute boundaries, and a masked position contributes exactly nothing, so a
/// query's result does not depend on how the prompt was cut into steps and tiles.
/// </remarks>
internal static unsafe class AttentionKernel<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Width = Partial<TLanes>.Width, Quad = 4;

    // Below every score, yet finite: the difference of two of them is a number.
    private const float Lowest = -1e30f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int chunk, int thread)
    {
        AttentionJob* job = (AttentionJob*)state;
        int kvHeads = job->Cache.Heads;
        AttentionTile tile = job->Tiles[chunk / kvHeads];
        int* blocks = job->BlockTables + job->Sequences[tile.Sequence].FirstBlock;
        AttentionScratch scratch = new(job->Scratch + thread * job->ScratchStride, job->Cache, tile.Rows * (job->Heads / kvHeads));
        Attend(job, tile, chunk % kvHeads, blocks, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Attend(AttentionJob* job, AttentionTile tile, int kvHead, int* blocks, AttentionScratch scratch)
    {
        KvView cache = job->Cache;
        int group = job->Heads / cache.Heads;
        LoadQueries(job, tile, kvHead, scratch);
        int firstPosition = job->Positions[tile.FirstRow], lastPosition = firstPosition + tile.Rows - 1;
        int span = cache.BlocksPerSpan * cache.BlockSize;
        for (int origin = Math.Max(0, firstPosition - job->Window + 1) / span * span; origin <= lastPosition; origin += span)
        {
            KvSpan current = SpanAt(cache, blocks, origin, lastPosition);
            Score(cache, current, kvHead, scratch);
            for (int query = 0; query < scratch.Queries; query++)
            {
                int position = firstPosition + query / group, from = Math.Max(0, position - job->Window + 1) - origin;
                Weigh(scratch, query, Math.Clamp(from, 0, span), Math.Clamp(position - origin + 1, 0, span));
            }
            AddValues(cache, current, kvHead, scratch);
        }
        WriteOutputs(job, tile, kvHead, scratch);
    }

    private static KvSpan SpanAt(in KvView cache, int* blocks, int origin, int lastPosition)
    {
        int first = origin / cache.BlockSize, next = first + cache.BlocksPerSpan, last = lastPosition / cache.BlockSize;
        int positions = Math.Min(lastPosition - origin + 1, cache.BlocksPerSpan * cache.BlockSize);
        return new KvSpan(blocks + first, positions, blocks + next, Math.Clamp(last - next + 1, 0, cache.BlocksPerSpan));
    }

    /// <summary>Gathers the queries, times 1/√size, and resets what is accumulated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LoadQueries(AttentionJob* job, AttentionTile tile, int kvHead, AttentionScratch scratch)
    {
        int size = job->Cache.HeadSize, group = job->Heads / job->Cache.Heads;
        float scale = 1 / MathF.Sqrt(size);
        for (int query = 0; query < scratch.Queries; query++)
        {
            float* source = job->Qkv + (long)(tile.FirstRow + query / group) * job->QkvStride + (kvHead * group + query % group) * size;
            float* target = scratch.Query(query);
            for (int i = 0; i < size; i++)
                target[i] = source[i] * scale;
        }
        new Span<float>(scratch.Query(scratch.Queries), (scratch.PaddedQueries - scratch.Queries) * size).Clear();
        new Span<float>(scratch.Sums, scratch.PaddedQueries * job->Cache.PaddedHead).Clear();
        new Span<float>(scratch.Largest, scratch.PaddedQueries).Fill(Lowest);
        new Span<float>(scratch.Totals, scratch.PaddedQueries).Clear();
        new Span<float>(scratch.Shrink, scratch.PaddedQueries).Fill(1);
        new Span<float>(scratch.Scores(scratch.Queries), (scratch.PaddedQueries - scratch.Queries) * job->Cache.PaddedSpan).Clear();
    }

    /// <summary>scores[query][position] = query · key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(in KvView cache, KvSpan span, int kvHead, AttentionScratch scratch)
    {
        int panels = (span.Positions + Width - 1) / Width, panelsPerBlock = cache.PaddedBlock / Width, panelFloats = cache.HeadSize * Width;
        for (int panel = 0; panel < panels; panel++)
        {
            int index = panel / panelsPerBlock, column = panel % panelsPerBlock;
            if (column == 0)
                span.PrefetchKeys(cache, kvHead, index);
            KvDecoder<TLanes>.WidenKeys(cache, span.Block(index), kvHead, column * Width, scratch.Panels + panel * panelFloats);
        }
        float* products = stackalloc float[2 * Quad * Width];
        for (int query = 0; query < scratch.Queries; query += Quad)
        {
            for (int panel = 0; panel < panels; panel += 2)
            {
                int count = Math.Min(2, panels - panel);
                new Span<float>(products, 2 * Quad * Width).Clear();
                Multiply(scratch.Panels + panel * panelFloats, panelFloats, count, scratch.Query(query), cache.HeadSize, cache.HeadSize, products);
                for (int i = 0; i < count * Quad; i++)
                    TLanes.Load(products + i * Width).Store(scratch.Scores(query + i % Quad) + (panel + i / Quad) * Width);
            }
        }
    }

    /// <summary>One query's scores of a span to weights: e^(score − largest so far); positions outside [from, to) weigh nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(AttentionScratch scratch, int query, int from, int to)
    {
        float* scores = scratch.Scores(query);
        int count = scratch.PaddedSpan;
        new Span<float>(scores, from).Fill(float.NegativeInfinity);
        new Span<float>(scores + to, count - to).Fill(float.NegativeInfinity);
        TLanes top = TLanes.Load(scores);
        for (int p = Width; p < count; p += Width)
            top = TLanes.Max(top, TLanes.Load(scores + p));
        float before = scratch.Largest[query], largest = Math.Max(before, top.Largest());
        TLanes sum = TLanes.Zero, offset = TLanes.Broadcast(largest);
        for (int p = 0; p < count; p += Width)
        {
            TLanes weight = Exponential<TLanes>.Of(TLanes.Load(scores + p) - offset);
            weight.Store(scores + p);
            sum += weight;
        }
        float shrink = Exponential<TLanes>.Of(TLanes.Broadcast(before - largest)).Largest();
        scratch.Shrink[query] = shrink;
        scratch.Largest[query] = largest;
        scratch.Totals[query] = scratch.Totals[query] * shrink + sum.Sum();
    }

    /// <summary>sums[quad][panel][query][16] = sums × shrink + weights · values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues(in KvView cache, KvSpan span, int kvHead, AttentionScratch scratch)
    {
        int panels = cache.PaddedHead / Width, panelFloats = cache.PaddedSpan * Width, end = span.Positions;
        for (int first = 0; first < end; first += cache.BlockSize)
        {
            int index = first / cache.BlockSize, block = span.Block(index), rows = Math.Min(cache.BlockSize, end - first);
            span.PrefetchValues(cache, kvHead, index);
            for (int panel = 0; panel < panels; panel++)
                KvDecoder<TLanes>.WidenValues(cache, block, kvHead, panel * Width, rows, scratch.Panels + panel * panelFloats + first * Width);
        }
        float* sums = scratch.Sums;
        for (int query = 0; query < scratch.Queries; query += Quad)
        {
            for (int panel = 0; panel < panels; panel += 2)
            {
                int count = Math.Min(2, panels - panel);
                for (int i = 0; i < count * Quad; i++)
                    (TLanes.Load(sums + i * Width) * TLanes.Broadcast(scratch.Shrink[query + i % Quad])).Store(sums + i * Width);
                Multiply(scratch.Panels + panel * panelFloats, panelFloats, count, scratch.Scores(query), cache.PaddedSpan, end, sums);
                sums += count * Quad * Width;
            }
        }
    }

    private static void Multiply(float* panels, int panelFloats, int panelCount, float* x, int stride, int count, float* sums)
    {
        if (panelCount == 2)
            FloatTile<TLanes>.Multiply2x4(panels, panelFloats, x, stride, count, sums);
        else
            FloatTile<TLanes>.Multiply1x4(panels, x, stride, count, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteOutputs(AttentionJob* job, AttentionTile tile, int kvHead, AttentionScratch scratch)
    {
        int size = job->Cache.HeadSize, group = job->Heads / job->Cache.Heads, quadFloats = Quad * job->Cache.PaddedHead;
        for (int query = 0; query < scratch.Queries; query++)
        {
            float* output = job->Output + (long)(tile.FirstRow + query / group) * job->OutputStride + (kvHead * group + query % group) * size;
            float* sums = scratch.Sums + query / Quad * quadFloats + query % Quad * Width;
            for (int i = 0; i < size; i++)
                output[i] = sums[i / Width * Quad * Width + i % Width] / scratch.Totals[query];
        }
    }
}
