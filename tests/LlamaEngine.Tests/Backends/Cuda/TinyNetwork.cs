using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>One layer of attention between an embedding and logits, on a CUDA backend, with the outputs of two slots.</summary>
internal sealed class TinyNetwork : IDisposable
{
    public const int Vocabulary = 50, MaxRows = 40, MaxSequences = 24, BlockSize = 4, Positions = 600, Blocks = 1000;

    private const int Hidden = 64, Width = 128;

    private readonly CudaBackend _backend;
    private readonly List<IDisposable> _owned = [];
    private readonly EmbeddingWeight _table;
    private readonly VectorWeight _norm;
    private readonly LinearWeight _qkv, _output, _head;
    private readonly RopeTable _rope;
    private readonly Activations _residual, _normalized, _rows, _attended, _delta, _selected;
    private readonly Activations[] _hidden, _logits;

    public TinyNetwork(CudaBench bench)
    {
        _backend = bench.Backend;
        _table = Own(bench.Embedding(new StoredWeights(TensorType.F32, Vocabulary, Hidden, 1)));
        _norm = Own(bench.Vector(Numbers.Random(Hidden, 2)));
        _qkv = Own(bench.Linear(new StoredWeights(TensorType.Q8_0, Width, Hidden, 3)));
        _output = Own(bench.Linear(new StoredWeights(TensorType.F16, Hidden, Hidden, 4)));
        _head = Own(bench.Linear(new StoredWeights(TensorType.BF16, Vocabulary, Hidden, 5)));
        _rope = Own(_backend.CreateRope(new RopeConfiguration { Base = 1000, Dimension = 32, Layout = RopeLayout.HalfSplit }, 32, Positions));
        Store = Own(_backend.CreateKvStore(new KvLayout(1, 1, 2, 32, BlockSize, KvType.F16), Blocks));
        (_residual, _normalized, _delta, _selected) = (Rows(Hidden), Rows(Hidden), Rows(Hidden), Rows(Hidden));
        (_rows, _attended) = (Rows(Width), Rows(Hidden));
        _hidden = [Rows(Hidden), Rows(Hidden)];
        _logits = [Rows(Vocabulary), Rows(Vocabulary)];
    }

    public KvStore Store { get; }

    /// <summary>A plan with room for everything.</summary>
    public static BatchPlan Plan(int slot) =>
        new(MaxRows, MaxSequences, MaxSequences * Positions / BlockSize, BlockSize, slot, new SamplingPlan(Vocabulary, MaxSequences, 100, 100));

    /// <summary>The blocks of a sequence, its own ones.</summary>
    public static int[] BlocksOf(int sequence) =>
        [.. Enumerable.Range(0, Math.Min(Positions / BlockSize, Blocks / MaxSequences)).Select(i => i * MaxSequences + (sequence * 7 + i) % MaxSequences)];

    /// <summary>Enqueues a pass.</summary>
    public void Forward(BatchPlan plan)
    {
        _backend.BeginStep(plan);
        Begin(plan);
        Complete(plan);
        _backend.EndStep(plan);
    }

    /// <summary>The first half of a pass.</summary>
    public void Begin(BatchPlan plan)
    {
        _backend.Embed(_table, plan, _residual);
        _backend.RmsNorm(_residual, null, _norm, 1e-5f, _normalized, plan.TokenCount);
        _backend.Linear(_qkv, _normalized, _rows, plan.TokenCount);
        _backend.RotateAndStore(_rope, plan, _rows, Store, 0);
        _backend.Attend(plan, _rows, Store, 0, int.MaxValue, _attended);
    }

    public ReadOnlySpan<float> Logits(BatchPlan plan, int row) => _backend.Read(_logits[plan.Slot], row);

    public ReadOnlySpan<float> HiddenState(BatchPlan plan, int row) => _backend.Read(_hidden[plan.Slot], row);

    public void Dispose()
    {
        foreach (IDisposable one in Enumerable.Reverse(_owned))
            one.Dispose();
    }

    private void Complete(BatchPlan plan)
    {
        int wanted = plan.LogitRowCount + plan.HiddenRowCount;
        _backend.SelectRows(plan.LogitRows, _attended, _selected, 0);
        _backend.SelectRows(plan.HiddenRows, _attended, _selected, plan.LogitRowCount);
        _backend.Linear(_output, _selected, _delta, wanted);
        _backend.RmsNorm(_selected, _delta, _norm, 1e-5f, _hidden[plan.Slot], wanted);
        if (plan.LogitRowCount > 0)
            _backend.Linear(_head, _hidden[plan.Slot], _logits[plan.Slot], plan.LogitRowCount);
        if (plan.Sampling is { DrawCount: > 0 })
            _backend.Sample(plan, _logits[plan.Slot]);
    }

    private Activations Rows(int columns) => Own(_backend.Allocate(MaxRows, columns));

    private T Own<T>(T one) where T : IDisposable
    {
        _owned.Add(one);
        return one;
    }
}
