using LlamaEngine.Backends;

namespace LlamaEngine.Scheduling;

/// <summary>The logits of every position of a text.</summary>
internal sealed class LogitsRequest(int[] tokens, Action<int, Span<float>> row, CancellationToken cancellation)
    : TaskSequence(tokens, cancellation)
{
    /// <inheritdoc/>
    public override WantedRows WantedLogits => WantedRows.All;

    /// <summary>What was cached has no logits any more.</summary>
    public override bool ReusesPrefix => false;

    /// <inheritdoc/>
    public override bool TakeLogits(int position, Span<float> logits)
    {
        row(position, logits);
        return position == Tokens.Length - 1;
    }
}
