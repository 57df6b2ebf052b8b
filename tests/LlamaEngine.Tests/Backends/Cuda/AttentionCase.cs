using System.Runtime.InteropServices;
using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Rows of a sequence that attend: positions from First on. Its numbers follow from the seed alone.</summary>
internal sealed record AttendedSequence(int First, int Rows, int Seed)
{
    public int Context => First + Rows;
}

/// <summary>
/// Queries of several sequences over a filled cache: shuffled blocks in the second of two layers, everything else NaN. Runs the
/// attention kernels on it and says, in double arithmetic over the rounded keys and values, what they must give.
/// </summary>
internal sealed class AttentionCase
{
    private const int Layer = 1, Chunk = AttendArguments.ChunkPositions, Slack = 4;

    private readonly KvLayout _layout;
    private readonly int _window, _stride, _outputStride, _size;
    private readonly AttendedSequence[] _sequences;
    private readonly DeviceCache _cache;
    private readonly BatchPlan _plan;
    private readonly float[] _qkv;
    private readonly double[][][] _keys, _values; // [sequence][position · key-value heads + head][value]

    public AttentionCase(KvLayout layout, int window, params AttendedSequence[] sequences)
    {
        (_layout, _window, _sequences, _size) = (layout, window, sequences, layout.HeadSize);
        _stride = (((layout.Heads + 2 * layout.KeyValueHeads) * _size + 3) & ~3) + Slack;
        _outputStride = ((layout.Heads * _size + 3) & ~3) + Slack;
        int rows = sequences.Sum(s => s.Rows), blocks = sequences.Sum(s => Blocks(s.Context));
        _plan = new BatchPlan(rows, sequences.Length, blocks, layout.BlockSize);
        _cache = new DeviceCache(layout, blocks + 3);
        _qkv = new float[rows * _stride];
        _qkv.AsSpan().Fill(float.NaN);
        int[] shuffled = [.. Enumerable.Range(1, blocks + 1)];
        new Random(blocks).Shuffle(shuffled);
        _keys = new double[sequences.Length][][];
        _values = new double[sequences.Length][][];
        for (int s = 0, row = 0, block = 0; s < sequences.Length; row += sequences[s].Rows, block += Blocks(sequences[s].Context), s++)
        {
            int[] table = shuffled[block..(block + Blocks(sequences[s].Context))];
            _plan.Add(new int[sequences[s].Rows], sequences[s].First, table, WantedRows.None);
            Fill(s, row, table);
        }
    }

    public int Rows => _plan.TokenCount;

    public int Outputs => _layout.Heads * _size;

    /// <summary>Chunks that the longest context has.</summary>
    public int Chunks => _sequences.Max(s => (s.Context + Chunk - 1) / Chunk);

    /// <summary>The outputs of attend_decode and attend_combine; NaN in rows before the first.</summary>
    public float[] Decode(KernelBench bench, int moreChunks = 0, int padding = 0, int firstRow = 0)
    {
        AttendArguments arguments = Arguments(bench, padding, out BenchBuffer output);
        arguments.Chunks = Chunks + moreChunks;
        arguments.FirstRow = firstRow;
        long partials = AttentionKernels.PartialFloats(Rows + padding - firstRow, _layout.Heads, arguments.Chunks, _size);
        arguments.Partials = bench.Allocate(partials * sizeof(float));
        new AttentionKernels(bench.Kernels, _layout).Decode(bench.Stream, arguments);
        return Outcome(bench, output, padding);
    }

    /// <summary>The outputs of attend_prefill, with tiles of so many rows.</summary>
    public float[] Prefill(KernelBench bench, int tileRows = AttendArguments.TileRows)
    {
        List<int> tiles = [0, 0, -1]; // padding
        for (int s = 0, row = 0; s < _sequences.Length; row += _sequences[s].Rows, s++)
        {
            for (int first = 0; first < _sequences[s].Rows; first += tileRows)
                tiles.AddRange([row + first, Math.Min(tileRows, _sequences[s].Rows - first), s]);
        }
        AttendArguments arguments = Arguments(bench, 0, out BenchBuffer output);
        arguments.Tiles = bench.Upload(tiles.ToArray());
        arguments.TileCount = tiles.Count / 3;
        new AttentionKernels(bench.Kernels, _layout).Prefill(bench.Stream, arguments);
        return Outcome(bench, output, 0);
    }

    /// <summary>What a row and head must give, and what its largest score could be: the sum of the products' magnitudes.</summary>
    public (double[] Output, double LargestScore, double LargestValue) Expected(int row, int head)
    {
        int s = _plan.RowSequences[row], position = _plan.Positions[row], kvHeads = _layout.KeyValueHeads, kvHead = head / (_layout.Heads / kvHeads);
        int first = (int)Math.Max(0, position - (long)_window + 1);
        ReadOnlySpan<float> query = _qkv.AsSpan(row * _stride + head * _size, _size);
        double[] output = new double[_size];
        double total = 0, largestScore = 0, largestValue = 0;
        for (int p = first; p <= position; p++)
        {
            double[] key = _keys[s][p * kvHeads + kvHead], value = _values[s][p * kvHeads + kvHead];
            double score = 0, magnitude = 0;
            for (int i = 0; i < _size; i++)
                (score, magnitude) = (score + query[i] * key[i], magnitude + Math.Abs(query[i] * key[i]));
            double weight = Math.Exp(score / Math.Sqrt(_size));
            total += weight;
            largestScore = Math.Max(largestScore, magnitude / Math.Sqrt(_size));
            for (int i = 0; i < _size; i++)
                (output[i], largestValue) = (output[i] + weight * value[i], Math.Max(largestValue, Math.Abs(value[i])));
        }
        for (int i = 0; i < _size; i++)
            output[i] /= total;
        return (output, largestScore, largestValue);
    }

    /// <summary>Compares all rows with what they must give.</summary>
    /// <param name="found">Outputs of the kernels.</param>
    /// <param name="bound">The largest error, given the largest score and value.</param>
    public void Check(float[] found, Func<double, double, double> bound)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int head = 0; head < _layout.Heads; head++)
            {
                (double[] output, double score, double value) = Expected(row, head);
                for (int i = 0; i < _size; i++)
                {
                    float actual = found[row * Outputs + head * _size + i];
                    Assert.True(
                        Math.Abs(output[i] - actual) <= bound(score, value),
                        $"row {row} (position {_plan.Positions[row]}), head {head}, value {i}: {output[i]} expected, {actual} found");
                }
            }
        }
    }

    private AttendArguments Arguments(KernelBench bench, int padding, out BenchBuffer output)
    {
        output = bench.Allocate((long)(Rows + padding) * _outputStride * sizeof(float));
        int[] beyond = [.. Enumerable.Repeat(int.MaxValue, padding)], none = [.. Enumerable.Repeat(-1, padding)];
        return new AttendArguments
        {
            Cache = _cache.View(bench.Upload(_cache.Bytes), Layer),
            Qkv = bench.Upload(_qkv),
            Output = output,
            Positions = bench.Upload<int>([.. _plan.Positions, .. beyond]),
            RowSequences = bench.Upload<int>([.. _plan.RowSequences, .. none]),
            Sequences = bench.Upload(_plan.Sequences),
            BlockTables = bench.Upload(_plan.BlockTables),
            QkvStride = _stride,
            OutputStride = _outputStride,
            Heads = _layout.Heads,
            Rows = Rows + padding,
            Window = _window,
            Scale = 1 / MathF.Sqrt(_size),
        };
    }

    /// <summary>The outputs without what lies between rows, where nothing may have been written.</summary>
    private float[] Outcome(KernelBench bench, BenchBuffer output, int padding)
    {
        bench.Finish();
        float[] all = bench.Download<float>(output, (Rows + padding) * _outputStride), result = new float[Rows * Outputs];
        for (int row = 0; row < Rows; row++)
        {
            all.AsSpan(row * _outputStride, Outputs).CopyTo(result.AsSpan(row * Outputs));
            Assert.All(all[(row * _outputStride + Outputs)..((row + 1) * _outputStride)], value => Assert.True(float.IsNaN(value)));
        }
        return result;
    }

    private void Fill(int s, int row, int[] table)
    {
        AttendedSequence sequence = _sequences[s];
        int kvHeads = _layout.KeyValueHeads, count = sequence.Context * kvHeads, width = _layout.Heads * _size;
        float[] keys = Numbers.Random(count * _size, sequence.Seed, 2), values = Numbers.Random(count * _size, sequence.Seed + 1, 2);
        float[] queries = Numbers.Random(sequence.Context * width, sequence.Seed + 2, 1.5f);
        for (int r = 0; r < sequence.Rows; r++)
            queries.AsSpan((sequence.First + r) * width, width).CopyTo(_qkv.AsSpan((row + r) * _stride));
        _keys[s] = new double[count][];
        _values[s] = new double[count][];
        for (int i = 0; i < count; i++)
        {
            int position = i / kvHeads, slot = table[position / _layout.BlockSize] * _layout.BlockSize + position % _layout.BlockSize;
            _keys[s][i] = _cache.Store(Layer, slot, i % kvHeads, values: false, keys.AsSpan(i * _size, _size));
            _values[s][i] = _cache.Store(Layer, slot, i % kvHeads, values: true, values.AsSpan(i * _size, _size));
        }
    }

    private int Blocks(int positions) => (positions + _layout.BlockSize - 1) / _layout.BlockSize;
}
