using LlamaEngine.Backends;

namespace LlamaEngine.Scheduling;

/// <summary>The hidden states of a text pooled into one vector.</summary>
internal sealed class EmbeddingRequest(int[] tokens, int width, EmbeddingPooling pooling, CancellationToken cancellation)
    : TaskSequence(tokens, cancellation)
{
    // Sums in double precision, position by position: the same whatever the chunks of the prefill were.
    private readonly double[] _sums = new double[width];

    /// <inheritdoc/>
    public override WantedRows WantedHidden => pooling switch
    {
        EmbeddingPooling.Mean => WantedRows.All,
        EmbeddingPooling.Cls => WantedRows.First,
        _ => WantedRows.Last,
    };

    /// <summary>What was cached has no hidden states any more; the last token's are always computed.</summary>
    public override bool ReusesPrefix => pooling == EmbeddingPooling.LastToken;

    /// <inheritdoc/>
    public override bool EndsWithPrefill => true;

    /// <inheritdoc/>
    public override void TakeHidden(int position, ReadOnlySpan<float> hidden)
    {
        if (position == 0)
            Array.Clear(_sums); // anew after a preemption
        for (int i = 0; i < hidden.Length; i++)
            _sums[i] += hidden[i];
    }

    /// <summary>The vector, once all is computed.</summary>
    /// <param name="normalize">Scale it to length 1; a zero vector stays as it is.</param>
    public float[] ToVector(bool normalize)
    {
        double divisor = pooling == EmbeddingPooling.Mean ? Tokens.Length : 1;
        if (normalize)
        {
            double length = Math.Sqrt(_sums.Sum(value => value * value));
            divisor = length > 0 ? length : 1;
        }
        return Array.ConvertAll(_sums, value => (float)(value / divisor));
    }
}
