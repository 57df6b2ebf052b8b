using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>Attention of one layer: single rows over long contexts, and whole prompts.</summary>
internal static class AttentionRates
{
    private const int BlockSize = 16;

    /// <summary>All cases of a model.</summary>
    public static IEnumerable<Measurement> Measure(GpuRig rig, ModelShape model)
    {
        (int Rows, int Context)[] decode = rig.Quick ? [(2, 300)] : [(1, 1024), (1, 8192), (1, 65536), (16, 2048), (64, 2048)];
        int[] prompts = rig.Quick ? [70] : [512, 2048, 8192];
        foreach (KvType type in (KvType[])[KvType.F16, KvType.Q8_0])
        {
            foreach ((int rows, int context) in decode)
                yield return Decode(rig, model, type, rows, context);
            foreach (int prompt in prompts)
                yield return Prefill(rig, model, type, prompt);
        }
    }

    private static Measurement Decode(GpuRig rig, ModelShape model, KvType type, int rows, int context)
    {
        KvLayout layout = LayoutOf(model, type, 1);
        long bytes = rows * (long)context * model.KeyValueHeads * BytesOfPosition(layout);
        Step step = new(rig, layout, rows, rowsEach: 1, context, rig.RotationsOf(bytes));
        AttentionKernels kernels = new(rig.Kernels, step.Layout);
        AttendArguments arguments = step.Arguments(model);
        arguments.Chunks = (context + AttendArguments.ChunkPositions - 1) / AttendArguments.ChunkPositions;
        arguments.Partials = rig.Allocate(4 * AttentionKernels.PartialFloats(rows, model.Heads, arguments.Chunks, model.HeadSize), TensorType.F32);
        double seconds = rig.Time(step.Layout.Layers, layer => kernels.Decode(rig.Stream, arguments with { Cache = step.View(layer) }));
        rig.Free();
        return new Measurement("attend_decode", $"{model.Name}, {type}, {rows} rows over {context}", seconds, bytes);
    }

    private static Measurement Prefill(GpuRig rig, ModelShape model, KvType type, int prompt)
    {
        Step step = new(rig, LayoutOf(model, type, 1), sequences: 1, rowsEach: prompt, prompt, layers: 1);
        AttentionKernels kernels = new(rig.Kernels, step.Layout);
        AttendArguments arguments = step.Arguments(model);
        List<int> tiles = [];
        for (int first = 0; first < prompt; first += AttendArguments.TileRows)
            tiles.AddRange([first, Math.Min(AttendArguments.TileRows, prompt - first), 0]);
        arguments.Tiles = rig.Upload<int>(tiles.ToArray());
        arguments.TileCount = tiles.Count / 3;
        arguments.Cache = step.View(0);
        double seconds = rig.Time(1, _ => kernels.Prefill(rig.Stream, arguments));
        rig.Free();
        double operations = 4.0 * model.HeadSize * model.Heads * (prompt * (prompt + 1.0) / 2);
        return new Measurement("attend_prefill", $"{model.Name}, {type}, {prompt} rows", seconds, Operations: operations);
    }

    private static KvLayout LayoutOf(ModelShape model, KvType type, int layers) =>
        new(layers, model.KeyValueHeads, model.Heads, model.HeadSize, BlockSize, type);

    // Keys and values of one head.
    private static long BytesOfPosition(KvLayout layout) => 2 * (layout.HeadSize * layout.ElementBytes + layout.ScaleGroups * KvLayout.ScaleBytes);

    /// <summary>Sequences of equal length with a cache, on the device.</summary>
    private sealed class Step
    {
        private readonly ulong _cache, _qkv, _output, _positions, _rowSequences, _sequences, _tables;
        private readonly int _rows;
        private readonly long _layerBytes, _numbers, _scales;

        public Step(GpuRig rig, KvLayout layout, int sequences, int rowsEach, int context, int layers)
        {
            Layout = layout with { Layers = layers };
            _rows = sequences * rowsEach;
            int blocks = (context + BlockSize - 1) / BlockSize, places = layout.KeyValueHeads * BlockSize;
            _numbers = KvLayout.Pad(places * layout.HeadSize * layout.ElementBytes);
            _scales = KvLayout.Pad(places * layout.ScaleGroups * KvLayout.ScaleBytes);
            _layerBytes = 2 * (_numbers + _scales);
            _cache = rig.Allocate(_layerBytes * layers * blocks * sequences, TensorType.F16);
            _qkv = rig.Allocate(4L * _rows * QkvColumns, TensorType.F32);
            _output = rig.Allocate(4L * _rows * layout.Heads * layout.HeadSize, TensorType.F32);
            _positions = rig.Upload<int>([.. Enumerable.Range(0, _rows).Select(row => context - rowsEach + row % rowsEach)]);
            _rowSequences = rig.Upload<int>([.. Enumerable.Range(0, _rows).Select(row => row / rowsEach)]);
            _sequences = rig.Upload<PlanSequence>([.. Enumerable.Range(0, sequences).Select(s => new PlanSequence
            {
                FirstRow = s * rowsEach,
                RowCount = rowsEach,
                FirstPosition = context - rowsEach,
                FirstBlock = s * blocks,
            })]);
            int[] table = [.. Enumerable.Range(0, blocks * sequences)];
            new Random(1).Shuffle(table);
            _tables = rig.Upload<int>(table);
        }

        public KvLayout Layout { get; }

        private int QkvColumns => (Layout.Heads + 2 * Layout.KeyValueHeads) * Layout.HeadSize;

        public CacheView View(int layer) => new()
        {
            Layer = _cache + (ulong)(layer * _layerBytes),
            BlockBytes = Layout.Layers * _layerBytes,
            ValueOffset = _numbers,
            KeyScaleOffset = 2 * _numbers,
            ValueScaleOffset = 2 * _numbers + _scales,
            KeyValueHeads = Layout.KeyValueHeads,
            HeadSize = Layout.HeadSize,
            BlockSize = BlockSize,
        };

        public AttendArguments Arguments(ModelShape model) => new()
        {
            Qkv = _qkv,
            Output = _output,
            Positions = _positions,
            RowSequences = _rowSequences,
            Sequences = _sequences,
            BlockTables = _tables,
            QkvStride = QkvColumns,
            OutputStride = model.Heads * model.HeadSize,
            Heads = model.Heads,
            Rows = _rows,
            Window = int.MaxValue,
            Scale = 1 / MathF.Sqrt(model.HeadSize),
        };
    }
}
