using System.Diagnostics;

namespace LlamaEngine.Sampling;

/// <summary>
/// The tokens that may still be drawn, with weights in proportion to their probabilities. Each Keep method narrows them,
/// judging by probabilities among those that are left; at least one remains.
/// </summary>
/// <remarks>
/// Candidates are in ascending order of their tokens, always: so a draw has one meaning, however the candidates were found.
/// As long as nothing was dropped, candidate i is token i and no ids are stored: drawing from the whole vocabulary costs
/// vector passes only. Not thread-safe; the room is reused from one token to the next.
/// </remarks>
internal sealed class Candidates
{
    private readonly TopSelection _selection;
    private int[] _ids = [];
    private float[] _weights = [], _scores = [];
    private bool _all;
    private int _count;

    /// <summary>Creates candidates; selection is shared, for its room is.</summary>
    public Candidates(TopSelection selection) => _selection = selection;

    private Span<float> Weights => _weights.AsSpan(0, _count);

    /// <summary>Candidates left.</summary>
    public int Count => _count;

    /// <summary>Candidate i's token.</summary>
    public int Token(int i) => _all ? i : _ids[i];

    /// <summary>Candidate i's weight.</summary>
    public float Weight(int i) => _weights[i];

    /// <summary>Starts with the <paramref name="topK"/> best logits (0: with all of them) at a temperature above 0.</summary>
    /// <param name="logits">Logits without NaN and +∞.</param>
    /// <param name="max">The largest of them.</param>
    public void Load(ReadOnlySpan<float> logits, float max, float temperature, int topK)
    {
        _all = true;
        _count = logits.Length;
        Span<float> scaled = Buffers.AtLeast(ref _scores, _count);
        if (topK > 0)
        {
            Compact(logits, _selection.WorstOfBest(logits, topK), logits, scaled);
            logits = scaled = scaled[.._count];
        }
        LogitMath.Scale(logits, max, temperature, scaled);
        LogitMath.Exp(scaled, Buffers.AtLeast(ref _weights, _count));
    }

    /// <summary>
    /// Locally typical sampling (Meister et al. 2022, arXiv 2202.00666): the tokens whose surprise is nearest to the
    /// distribution's entropy, as many as it takes to reach <paramref name="mass"/>. Only right after <see cref="Load"/>.
    /// </summary>
    public void KeepTypical(float mass)
    {
        // With p = w ÷ Z and ln w = s: |−ln p − H| = |Σ p·s − s|; ln Z cancels out.
        Span<float> scores = _scores.AsSpan(0, _count);
        double total = LogitMath.Sum(Weights), mean = 0;
        for (int i = 0; i < scores.Length; i++)
            mean += Weights[i] > 0 ? Weights[i] * (double)scores[i] : 0;
        mean /= total;
        for (int i = 0; i < scores.Length; i++)
            scores[i] = Weights[i] > 0 ? -(float)Math.Abs(mean - scores[i]) : float.NegativeInfinity;
        Compact(scores, _selection.WorstOfMass(scores, Weights, mass * total), Weights, Weights);
    }

    /// <summary>Nucleus sampling (Holtzman et al. 2019, arXiv 1904.09751): the likeliest tokens that together reach <paramref name="mass"/>.</summary>
    public void KeepNucleus(float mass) =>
        Compact(Weights, _selection.WorstOfMass(Weights, Weights, mass * LogitMath.Sum(Weights)), Weights, Weights);

    /// <summary>Min-p sampling (Nguyen et al. 2024, arXiv 2407.01082): tokens at least <paramref name="ratio"/> times as likely as the likeliest.</summary>
    public void KeepLikely(float ratio)
    {
        Span<float> weights = Weights;
        float least = ratio * weights[LogitMath.IndexOfMax(weights)];
        Compact(weights, RankingKey.Of(least, weights.Length), weights, weights);
    }

    /// <summary>Draws a token: the one in whose share of the weights, laid side by side, <paramref name="fraction"/> of [0, 1) falls.</summary>
    public int Draw(double fraction)
    {
        ReadOnlySpan<float> weights = Weights;
        double rest = fraction * LogitMath.Sum(weights);
        int start = 0;
        for (; start + LogitMath.BlockSize < weights.Length; start += LogitMath.BlockSize)
        {
            double block = LogitMath.SumOfBlock(weights.Slice(start, LogitMath.BlockSize));
            if (rest < block)
                break;
            rest -= block;
        }
        return Token(Find(weights, start, rest));
    }

    // Rounding may leave a trifle at the end of the block or of all; it belongs to the last candidate that has a weight.
    private static int Find(ReadOnlySpan<float> weights, int start, double rest)
    {
        int end = Math.Min(start + LogitMath.BlockSize, weights.Length);
        for (int i = start; i < end; i++)
        {
            rest -= weights[i];
            if (rest < 0)
                return i;
        }
        int last = weights[..end].LastIndexOfAnyExcept(0f);
        Debug.Assert(last >= 0, "the likeliest candidate has a weight");
        return last;
    }

    // Keeps the candidates that rank no lower than the worst key, with their values. Since those only move forward, target may
    // be the same span as source or scores.
    private void Compact(ReadOnlySpan<float> scores, ulong worst, ReadOnlySpan<float> source, Span<float> target)
    {
        Span<int> ids = Buffers.AtLeast(ref _ids, _count);
        float least = RankingKey.Score(worst), below = float.BitDecrement(least);
        int kept = 0;
        for (int i = LogitMath.NextAbove(scores, 0, below); i < scores.Length; i = LogitMath.NextAbove(scores, i + 1, below))
        {
            if (scores[i] > least || i <= RankingKey.Index(worst))
                (ids[kept], target[kept++]) = (Token(i), source[i]);
        }
        (_count, _all) = (kept, false);
    }
}
