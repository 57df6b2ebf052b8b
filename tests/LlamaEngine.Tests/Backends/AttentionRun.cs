using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends;

/// <summary>A part of one sequence in a step: rows [query heads | keys | values] from <paramref name="First"/>, and its blocks.</summary>
internal sealed record AttentionPart(float[] Qkv, int First, int Rows, int[] Blocks);

/// <summary>Stores and attends without rotation on the second of two layers, in a cache whose memory was full of NaN.</summary>
internal sealed unsafe class AttentionRun : IDisposable
{
    private readonly CpuBackend _backend;
    private readonly RopeTable _rope;
    private readonly KvLayout _layout;

    public AttentionRun(KvLayout layout, int blocks, CpuInstructionSet level = CpuInstructionSet.Avx512, int threads = 1)
    {
        _layout = layout;
        _backend = new CpuBackend(new CpuOptions { Threads = threads, MaxInstructionSet = level });
        _rope = _backend.CreateRope(new RopeConfiguration { Base = 1e4f, Dimension = 0, Layout = RopeLayout.HalfSplit }, layout.HeadSize, 1024);
        Store = _backend.CreateKvStore(layout, blocks);
        KvView view = ((CpuKvStore)Store).Layer(1);
        new Span<byte>(view.KeyScales(0, 0), (int)layout.StoredKeyBytes * blocks).Fill(0xFF);
        new Span<byte>(view.ValueScales(0, 0), (int)layout.StoredValueBytes * blocks).Fill(0xFF);
    }

    public KvStore Store { get; }

    private int Width => (_layout.Heads + 2 * _layout.KeyValueHeads) * _layout.HeadSize;

    /// <summary>Outputs of all rows, part after part.</summary>
    public float[] Step(params ReadOnlySpan<AttentionPart> parts)
    {
        int rows = 0, blocks = 0;
        foreach (AttentionPart part in parts)
            (rows, blocks) = (rows + part.Rows, blocks + part.Blocks.Length);
        int outputs = _layout.Heads * _layout.HeadSize;
        using Activations input = _backend.Allocate(rows, Width), output = _backend.Allocate(rows, outputs);
        BatchPlan plan = new(rows, parts.Length, blocks, _layout.BlockSize);
        int next = 0;
        foreach (AttentionPart part in parts)
        {
            plan.Add(new int[part.Rows], part.First, part.Blocks, WantedRows.None);
            for (int row = 0; row < part.Rows; row++)
                part.Qkv.AsSpan((part.First + row) * Width, Width).CopyTo(new Span<float>(((CpuActivations)input).Row(next++), Width));
        }
        _backend.RotateAndStore(_rope, plan, input, Store, 1);
        _backend.Attend(plan, input, Store, 1, int.MaxValue, output);
        float[] result = new float[rows * outputs];
        for (int row = 0; row < rows; row++)
            _backend.Read(output, row).CopyTo(result.AsSpan(row * outputs, outputs));
        return result;
    }

    /// <summary>Outputs of a whole sequence that is taken <paramref name="chunk"/> positions at a time.</summary>
    public float[] Sequence(float[] qkv, int positions, int chunk, int[] blocks, int from = 0)
    {
        List<float> all = [];
        for (int first = from; first < positions; first += chunk)
            all.AddRange(Step(new AttentionPart(qkv, first, Math.Min(chunk, positions - first), blocks)));
        return [.. all];
    }

    public void Dispose()
    {
        Store.Dispose();
        _rope.Dispose();
        _backend.Dispose();
    }
}
