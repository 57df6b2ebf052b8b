using LlamaEngine.Backends;

namespace LlamaEngine.Models;

/// <summary>
/// The forward pass of the Llama family (Touvron et al. 2023, arXiv 2302.13971; Grattafiori et al. 2024, arXiv 2407.21783),
/// written once over <see cref="IBackend"/>.
/// </summary>
/// <remarks>Not thread-safe; owns its workspace, not its weights. A pass allocates nothing.</remarks>
internal sealed class LlamaModel : IDisposable
{
    private static readonly Func<bool> s_never = static () => false;

    private readonly IBackend _backend;
    private readonly LlamaConfiguration _configuration;
    private readonly LlamaWeights _weights;
    private readonly RopeTable _rope;
    private readonly LlamaWorkspace _workspace;

    /// <summary>Makes a model ready to run.</summary>
    /// <param name="backend">Where it runs.</param>
    /// <param name="configuration">Its sizes.</param>
    /// <param name="weights">Its weights, prepared by the same backend.</param>
    /// <param name="maxRows">Most tokens in a plan.</param>
    /// <param name="maxLogitRows">Most rows of a plan with logits.</param>
    /// <param name="contextLength">Most positions of a sequence.</param>
    public LlamaModel(
        IBackend backend, LlamaConfiguration configuration, LlamaWeights weights, int maxRows, int maxLogitRows, int contextLength)
    {
        _backend = backend;
        _configuration = configuration;
        _weights = weights;
        _rope = backend.CreateRope(configuration.Rope, configuration.HeadSize, contextLength);
        _workspace = new LlamaWorkspace(backend, configuration, maxRows, maxLogitRows, backend.Memory.Slots);
    }

    /// <summary>Logits in a row.</summary>
    public int VocabularySize => _configuration.VocabularySize;

    /// <summary>Most rows of a plan with logits.</summary>
    public int MaxLogitRows => _workspace.Outputs[0].Logits.Rows;

    /// <summary>Plans that may be handed to <see cref="Forward"/> before the results of an earlier one are read.</summary>
    public int StepsAhead => _backend.StepsAhead;

    /// <summary>
    /// Computes a plan: its keys and values go into the cache, what it wants is found, after <see cref="Finish"/>, by
    /// <see cref="Logits"/>, <see cref="Hidden"/> and <see cref="Drawn"/>.
    /// </summary>
    /// <param name="plan">What to compute.</param>
    /// <param name="cache">The KV cache its slots and block tables speak of.</param>
    /// <param name="shouldStop">Asked between operations, where they are done when they return; true ends the pass.</param>
    /// <exception cref="OperationCanceledException">Stopped between two operations; the plan's cache slots are undefined.</exception>
    public void Forward(BatchPlan plan, KvStore cache, Func<bool> shouldStop)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plan.LogitRowCount, MaxLogitRows);
        _backend.BeginStep(plan);
        Compute(plan, cache, _backend.StepsAhead == 0 ? shouldStop : s_never);
        _backend.EndStep(plan);
    }

    /// <summary>Waits until a plan is computed.</summary>
    public void Finish(BatchPlan plan) => _backend.Finish(plan);

    /// <summary>Logits [vocabulary] of the plan's i-th wanted row; valid until the next pass over it, free to be overwritten.</summary>
    public Span<float> Logits(BatchPlan plan, int index) => _backend.Read(_workspace.Outputs[plan.Slot].Logits, index);

    /// <summary>Hidden state [hidden] of the plan's i-th wanted row: the output of the last norm; valid until the next pass over it.</summary>
    public ReadOnlySpan<float> Hidden(BatchPlan plan, int index) =>
        _backend.Read(_workspace.Outputs[plan.Slot].Hidden, plan.LogitRowCount + index);

    /// <summary>The token that the device drew for the plan's i-th wanted row, where it was asked to.</summary>
    public int Drawn(BatchPlan plan, int index) => _backend.Drawn(plan)[index];

    /// <inheritdoc/>
    public void Dispose()
    {
        _workspace.Dispose();
        _rope.Dispose();
    }

    private void Compute(BatchPlan plan, KvStore cache, Func<bool> shouldStop)
    {
        LlamaWorkspace w = _workspace;
        Activations residual = w.Residual, attended = w.Attended;
        Activations? delta = null;
        int rows = plan.TokenCount, wanted = plan.LogitRowCount + plan.HiddenRowCount, last = _weights.Layers.Length - 1;
        _backend.Embed(_weights.Embedding, plan, residual);
        for (int i = 0; i <= last; i++)
        {
            LlamaLayerWeights layer = _weights.Layers[i];
            ThrowIfStopped(shouldStop);
            Normalize(residual, delta, layer.AttentionNorm, w.Normalized, rows);
            _backend.Linear(layer.QueryKeyValue, w.Normalized, w.QueryKeyValue, rows);
            _backend.RotateAndStore(_rope, plan, w.QueryKeyValue, cache, i);
            if (i == last && wanted == 0)
                return;
            _backend.Attend(plan, w.QueryKeyValue, cache, i, _configuration.SlidingWindow ?? int.MaxValue, attended);
            if (i == last)
            {
                // Behind the last attention only the rows go on of which something is wanted: first logits, then hidden states.
                Select(plan, residual, w.SelectedResidual);
                Select(plan, attended, w.SelectedAttended);
                (residual, attended, rows) = (w.SelectedResidual, w.SelectedAttended, wanted);
            }
            ThrowIfStopped(shouldStop);
            _backend.Linear(layer.AttentionOutput, attended, w.Delta, rows);
            Normalize(residual, w.Delta, layer.MlpNorm, w.Normalized, rows);
            _backend.Linear(layer.GateUp, w.Normalized, w.GateUp, rows);
            ThrowIfStopped(shouldStop);
            _backend.SwiGlu(w.GateUp, w.Gated, rows);
            _backend.Linear(layer.Down, w.Gated, w.Delta, rows);
            delta = w.Delta;
        }
        ThrowIfStopped(shouldStop);
        PassOutputs outputs = w.Outputs[plan.Slot];
        Normalize(residual, delta, _weights.OutputNorm, outputs.Hidden, rows);
        if (plan.LogitRowCount > 0)
            _backend.Linear(_weights.Head, outputs.Hidden, outputs.Logits, plan.LogitRowCount);
        if (plan.Sampling is { DrawCount: > 0 })
            _backend.Sample(plan, outputs.Logits);
    }

    private static void ThrowIfStopped(Func<bool> shouldStop)
    {
        if (shouldStop())
            throw new OperationCanceledException();
    }

    private void Select(BatchPlan plan, Activations source, Activations destination)
    {
        _backend.SelectRows(plan.LogitRows, source, destination, 0);
        _backend.SelectRows(plan.HiddenRows, source, destination, plan.LogitRowCount);
    }

    private void Normalize(Activations residual, Activations? delta, VectorWeight weight, Activations output, int rows) =>
        _backend.RmsNorm(residual, delta, weight, _configuration.RmsNormEpsilon, output, rows);
}
