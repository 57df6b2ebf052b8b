using LlamaEngine.Backends;

namespace LlamaEngine.Models;

/// <summary>The activations of one forward pass, allocated once for the largest plan.</summary>
internal sealed class LlamaWorkspace : IDisposable
{
    private readonly IBackend _backend;
    private readonly List<Activations> _all = [];

    /// <summary>Allocates a workspace.</summary>
    /// <param name="backend">Where.</param>
    /// <param name="sizes">The model.</param>
    /// <param name="maxRows">Most rows of one pass.</param>
    /// <param name="maxLogitRows">Most rows with logits of one pass.</param>
    /// <param name="slots">Passes whose outputs are held at once.</param>
    public LlamaWorkspace(IBackend backend, LlamaConfiguration sizes, int maxRows, int maxLogitRows, int slots)
    {
        _backend = backend;
        int attentionWidth = sizes.HeadCount * sizes.HeadSize;
        try
        {
            Residual = Allocate(maxRows, sizes.HiddenSize);
            Normalized = Allocate(maxRows, sizes.HiddenSize);
            Delta = Allocate(maxRows, sizes.HiddenSize);
            QueryKeyValue = Allocate(maxRows, attentionWidth + 2 * sizes.KeyValueHeadCount * sizes.HeadSize);
            Attended = Allocate(maxRows, attentionWidth);
            GateUp = Allocate(maxRows, checked(2 * sizes.IntermediateSize));
            Gated = Allocate(maxRows, sizes.IntermediateSize);
            SelectedResidual = Allocate(maxRows, sizes.HiddenSize);
            SelectedAttended = Allocate(maxRows, attentionWidth);
            Outputs = new PassOutputs[slots];
            for (int i = 0; i < slots; i++)
                Outputs[i] = new PassOutputs(slots == 1 ? Normalized : Allocate(maxRows, sizes.HiddenSize), Allocate(maxLogitRows, sizes.VocabularySize));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The residual stream [rows, hidden].</summary>
    public Activations Residual { get; }

    /// <summary>Output of a norm [rows, hidden].</summary>
    public Activations Normalized { get; }

    /// <summary>What the next norm adds to the residual stream [rows, hidden].</summary>
    public Activations Delta { get; }

    /// <summary>Queries, keys, values [rows, (heads + 2 · kvHeads) · headSize].</summary>
    public Activations QueryKeyValue { get; }

    /// <summary>Output of attention [rows, heads · headSize].</summary>
    public Activations Attended { get; }

    /// <summary>Gate and up [rows, 2 · intermediate].</summary>
    public Activations GateUp { get; }

    /// <summary>silu(gate) · up [rows, intermediate].</summary>
    public Activations Gated { get; }

    /// <summary>Rows of <see cref="Residual"/> of which something is wanted.</summary>
    public Activations SelectedResidual { get; }

    /// <summary>Rows of <see cref="Attended"/> of which something is wanted.</summary>
    public Activations SelectedAttended { get; }

    /// <summary>What a pass leaves to be read, by the slot of its plan.</summary>
    public PassOutputs[] Outputs { get; }

    /// <summary>Bytes of the workspace of a model of these sizes.</summary>
    public static long Bytes(LlamaConfiguration sizes, int maxRows, int maxLogitRows, int slots)
    {
        long attention = (long)sizes.HeadCount * sizes.HeadSize, keyValue = (long)sizes.KeyValueHeadCount * sizes.HeadSize;
        long perRow = 4L * sizes.HiddenSize + 3 * attention + 2 * keyValue + 3L * sizes.IntermediateSize;
        if (slots > 1)
            perRow += (long)slots * sizes.HiddenSize;
        return 4 * (maxRows * perRow + (long)slots * maxLogitRows * sizes.VocabularySize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Activations activations in _all)
            activations.Dispose();
        _all.Clear();
    }

    private Activations Allocate(int rows, int columns)
    {
        Activations activations = _backend.Allocate(rows, columns);
        _all.Add(activations);
        return activations;
    }
}

/// <summary>What a pass leaves to be read.</summary>
/// <param name="Hidden">Output of the last norm [wanted rows, hidden]; with one slot it is the workspace's own <see cref="LlamaWorkspace.Normalized"/>.</param>
/// <param name="Logits">[logit rows, vocabulary].</param>
internal sealed record PassOutputs(Activations Hidden, Activations Logits);
