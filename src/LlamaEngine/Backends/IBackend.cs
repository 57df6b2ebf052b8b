using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Backends;

/// <summary>
/// The operations a forward pass is made of, on one device. All activations are float32 rows; every operation works on
/// the first <c>rows</c> rows of its operands, one row a token.
/// </summary>
/// <remarks>
/// <para>
/// Calls come from one thread at a time. Objects made by a backend belong to it: dispose them before the backend.
/// On the CPU a row's result does not depend on how many rows there are (batch invariance): reductions have a fixed order. On a GPU
/// that holds where <see cref="EngineOptions.BatchInvariant"/> asks for it.
/// </para>
/// <para>
/// A device may lag behind: operations are then only enqueued, in the order of the calls. A pass stands between
/// <see cref="BeginStep"/> and <see cref="EndStep"/>; what it left in the outputs of its slot may be read after <see cref="Finish"/>,
/// while the next pass, which has another slot, is being computed.
/// </para>
/// </remarks>
internal interface IBackend : IDisposable
{
    /// <summary>What the device is, in words, for logs and reports.</summary>
    string Description { get; }

    /// <summary>Host threads (CPU) this backend computes with.</summary>
    int Threads { get; }

    /// <summary>Passes that may be enqueued before the results of an earlier one are read. 0: operations are done when they return.</summary>
    int StepsAhead { get; }

    /// <summary>What the device has for a model, and how it stores what a plan counts.</summary>
    DeviceMemory Memory { get; }

    /// <summary>Room for activations: <paramref name="rows"/> × <paramref name="columns"/> floats.</summary>
    Activations Allocate(int rows, int columns);

    /// <summary>
    /// Prepares a linear layer from one or more weights that share their input and stand side by side in the output
    /// (Q, K, V; gate and up). Types may differ. May repack; when it returns, mapped data is either copied or referenced in place.
    /// </summary>
    /// <param name="weights">Weights [outputs, inputs], in output order.</param>
    /// <param name="biases">As many biases (F32, F16 or BF16 vectors) as weights, or none; an entry with null data means no bias.</param>
    /// <param name="cancellation">Checked between slices of the work.</param>
    LinearWeight LoadLinear(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, CancellationToken cancellation);

    /// <summary>Prepares a vector (a norm's weight).</summary>
    VectorWeight LoadVector(TensorData vector);

    /// <summary>Prepares the embedding table [vocabulary, hidden], of any type.</summary>
    EmbeddingWeight LoadEmbedding(TensorData table);

    /// <summary>Makes the KV cache of a model: <paramref name="blocks"/> blocks in every layer.</summary>
    KvStore CreateKvStore(KvLayout layout, int blocks);

    /// <summary>Prepares rotation by position: see <see cref="RopeFrequencies"/>.</summary>
    /// <param name="configuration">How positions turn.</param>
    /// <param name="headSize">Values per head.</param>
    /// <param name="positions">Positions there will be.</param>
    RopeTable CreateRope(RopeConfiguration configuration, int headSize, int positions);

    /// <summary>Begins a pass over a plan, which must not change until it is finished.</summary>
    void BeginStep(BatchPlan plan);

    /// <summary>Ends the pass: all its operations were called.</summary>
    void EndStep(BatchPlan plan);

    /// <summary>Waits until the last pass over a plan is computed.</summary>
    void Finish(BatchPlan plan);

    /// <summary>output[r] = table[plan.Tokens[r]].</summary>
    void Embed(EmbeddingWeight table, BatchPlan plan, Activations output);

    /// <summary>residual += delta (where given); output = residual ÷ rms(residual) × weight.</summary>
    /// <remarks>Zhang and Sennrich 2019, arXiv 1910.07467.</remarks>
    void RmsNorm(Activations residual, Activations? delta, VectorWeight weight, float epsilon, Activations output, int rows);

    /// <summary>output = input · weightᵀ + bias.</summary>
    void Linear(LinearWeight weight, Activations input, Activations output, int rows);

    /// <summary>
    /// Rotates queries and keys of <paramref name="qkv"/> rows [heads·size | kvHeads·size | kvHeads·size] in place by their positions
    /// and writes keys and values into the cache at plan.CacheSlots.
    /// </summary>
    /// <remarks>Su et al. 2021, arXiv 2104.09864.</remarks>
    void RotateAndStore(RopeTable rope, BatchPlan plan, Activations qkv, KvStore cache, int layer);

    /// <summary>
    /// Causal attention of the queries in <paramref name="qkv"/> over the cached keys and values of their own sequence:
    /// output rows [heads·size].
    /// </summary>
    /// <param name="window">Sliding window in positions, the query's own included; int.MaxValue: none.</param>
    void Attend(BatchPlan plan, Activations qkv, KvStore cache, int layer, int window, Activations output);

    /// <summary>output = silu(gate) × up for rows [gate | up].</summary>
    void SwiGlu(Activations gateUp, Activations output, int rows);

    /// <summary>destination[first + i] = source[rows[i]].</summary>
    void SelectRows(ReadOnlySpan<int> rows, Activations source, Activations destination, int first);

    /// <summary>Draws the tokens that <see cref="BatchPlan.Sampling"/> asks for; overwrites the logits. Only where <see cref="StepsAhead"/> is not 0.</summary>
    /// <param name="plan">The plan of the pass.</param>
    /// <param name="logits">Logits of its wanted rows.</param>
    void Sample(BatchPlan plan, Activations logits);

    /// <summary>
    /// The tokens drawn for the wanted rows of a finished pass; undefined where none was asked for, negative where there is none to draw
    /// (see <see cref="SamplingPlan"/>).
    /// </summary>
    ReadOnlySpan<int> Drawn(BatchPlan plan);

    /// <summary>
    /// Waits for the device and gives one row; valid until the next operation on the same activations.
    /// The caller may overwrite it.
    /// </summary>
    Span<float> Read(Activations activations, int row);
}

/// <summary>Rows of float32 activations on a device. Capacity is fixed; contents are undefined until written.</summary>
internal abstract class Activations(int rows, int columns) : IDisposable
{
    /// <summary>Rows there is room for.</summary>
    public int Rows { get; } = rows;

    /// <summary>Values in a row.</summary>
    public int Columns { get; } = columns;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A linear layer prepared by a backend.</summary>
internal abstract class LinearWeight(int inputs, int outputs) : IDisposable
{
    /// <summary>Input width.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>Output width, all parts together.</summary>
    public int Outputs { get; } = outputs;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A vector prepared by a backend.</summary>
internal abstract class VectorWeight(int length) : IDisposable
{
    /// <summary>Number of values.</summary>
    public int Length { get; } = length;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>An embedding table prepared by a backend.</summary>
internal abstract class EmbeddingWeight(int vocabulary, int width) : IDisposable
{
    /// <summary>Rows of the table.</summary>
    public int Vocabulary { get; } = vocabulary;

    /// <summary>Values in a row.</summary>
    public int Width { get; } = width;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Rotation prepared by a backend.</summary>
internal abstract class RopeTable : IDisposable
{
    /// <inheritdoc/>
    public abstract void Dispose();
}
