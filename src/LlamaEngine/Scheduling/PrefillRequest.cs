namespace LlamaEngine.Scheduling;

/// <summary>Computes keys and values of a prefix, so that they are in the cache for those who come after.</summary>
internal sealed class PrefillRequest(int[] tokens, CancellationToken cancellation) : TaskSequence(tokens, cancellation)
{
    /// <inheritdoc/>
    public override bool EndsWithPrefill => true;
}
