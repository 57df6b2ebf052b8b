using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Devices;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Benchmarks.Stub;

/// <summary>
/// A backend that computes nothing and gives the same logits everywhere. What is left of a step is the engine's own work: arrivals,
/// scheduling, block tables, the plan, sampling, and the hand-over to those who wait.
/// </summary>
/// <param name="pass">How long a forward pass takes, without using the processor.</param>
internal sealed class StubBackend(TimeSpan pass) : IBackend
{
    public string Description => "nothing";

    public int Threads => 1;

    public int StepsAhead => 0;

    public DeviceMemory Memory => new HostMemory(MemoryBudget.Available());

    /// <summary>Makes an engine on this backend, whose passes take no time.</summary>
    public static InferenceEngine CreateEngine(EngineOptions options) =>
        InferenceEngine.Create(options, () => new StubModel(options.ContextLength!.Value), _ => new StubBackend(TimeSpan.Zero));

    public Activations Allocate(int rows, int columns) => new StubActivations(rows, columns);

    public LinearWeight LoadLinear(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, CancellationToken cancellation) =>
        new StubLinear(weights[0].Columns, weights[0].Rows);

    public VectorWeight LoadVector(TensorData vector) => new StubVector(vector.Columns);

    public EmbeddingWeight LoadEmbedding(TensorData table) => new StubEmbedding(table.Rows, table.Columns);

    public KvStore CreateKvStore(KvLayout layout, int blocks) => new StubKvStore(layout, blocks);

    public RopeTable CreateRope(RopeConfiguration configuration, int headSize, int positions) => new StubRope();

    public void Embed(EmbeddingWeight table, BatchPlan plan, Activations output)
    {
        if (pass > TimeSpan.Zero)
            Thread.Sleep(pass);
    }

    public void RmsNorm(Activations residual, Activations? delta, VectorWeight weight, float epsilon, Activations output, int rows)
    {
    }

    public void Linear(LinearWeight weight, Activations input, Activations output, int rows)
    {
    }

    public void RotateAndStore(RopeTable rope, BatchPlan plan, Activations qkv, KvStore cache, int layer)
    {
    }

    public void Attend(BatchPlan plan, Activations qkv, KvStore cache, int layer, int window, Activations output)
    {
    }

    public void SwiGlu(Activations gateUp, Activations output, int rows)
    {
    }

    public void SelectRows(ReadOnlySpan<int> rows, Activations source, Activations destination, int first)
    {
    }

    public void BeginStep(BatchPlan plan)
    {
    }

    public void EndStep(BatchPlan plan)
    {
    }

    public void Finish(BatchPlan plan)
    {
    }

    public void Sample(BatchPlan plan, Activations logits) => throw new NotSupportedException();

    public ReadOnlySpan<int> Drawn(BatchPlan plan) => [];

    public Span<float> Read(Activations activations, int row) => ((StubActivations)activations).Read();

    public void Dispose()
    {
    }

    /// <summary>One row that stands for all; written anew for every reader, who may overwrite it.</summary>
    private sealed class StubActivations(int rows, int columns) : Activations(rows, columns)
    {
        private readonly float[] _constants = [.. Enumerable.Range(0, columns).Select(i => MathF.Sin(i) * 4)];
        private readonly float[] _row = new float[columns];

        public Span<float> Read()
        {
            _constants.CopyTo(_row.AsSpan());
            return _row;
        }

        public override void Dispose()
        {
        }
    }

    private sealed class StubLinear(int inputs, int outputs) : LinearWeight(inputs, outputs)
    {
        public override void Dispose()
        {
        }
    }

    private sealed class StubVector(int length) : VectorWeight(length)
    {
        public override void Dispose()
        {
        }
    }

    private sealed class StubEmbedding(int vocabulary, int width) : EmbeddingWeight(vocabulary, width)
    {
        public override void Dispose()
        {
        }
    }

    private sealed class StubRope : RopeTable
    {
        public override void Dispose()
        {
        }
    }

    private sealed class StubKvStore(KvLayout layout, int blocks) : KvStore(layout, blocks)
    {
        public override void CopyBlock(int source, int destination)
        {
        }

        public override void ReadBlock(int block, Span<byte> destination)
        {
        }

        public override void WriteBlock(int block, ReadOnlySpan<byte> source)
        {
        }

        public override void Dispose()
        {
        }
    }
}
