namespace LlamaEngine.Sampling;

/// <summary>Finds the best of many scores without sorting them all. Not thread-safe: it owns the room it works in.</summary>
/// <remarks>
/// One vectorized pass drops what is below the worst kept so far; survivors gather in a buffer of a few times k, which is cut
/// back to the best k by quickselect whenever it is full: O(n) altogether.
/// </remarks>
internal sealed class TopSelection
{
    private const int FirstGuess = 64, LastGuess = 4096;

    private ulong[] _keys = [];

    /// <summary>The best scores above −∞, at most <paramref name="count"/>, best first, the lower index first among equals.</summary>
    /// <param name="scores">Scores without NaN.</param>
    /// <returns><see cref="RankingKey"/>s, valid until the next call.</returns>
    public ReadOnlySpan<ulong> Best(ReadOnlySpan<float> scores, int count)
    {
        Span<ulong> keys = Room(scores.Length, count);
        Span<ulong> best = keys[..Gather(scores, Math.Min(count, scores.Length), keys)];
        best.Sort();
        return best;
    }

    /// <summary>The worst of the <paramref name="count"/> best scores above −∞, of which there is at least one.</summary>
    /// <returns>Its <see cref="RankingKey"/>: what belongs to the best has no higher one.</returns>
    public ulong WorstOfBest(ReadOnlySpan<float> scores, int count)
    {
        Span<ulong> keys = Room(scores.Length, count);
        return keys[Gather(scores, Math.Min(count, scores.Length), keys) - 1];
    }

    /// <summary>The worst of the fewest best scores whose weights reach a mass; the worst of all above −∞ if they never do.</summary>
    /// <param name="scores">What ranks the candidates; without NaN.</param>
    /// <param name="weights">What each of them weighs.</param>
    /// <param name="mass">The sum of weights to reach. At least one candidate is kept.</param>
    /// <returns>Its <see cref="RankingKey"/>.</returns>
    public ulong WorstOfMass(ReadOnlySpan<float> scores, ReadOnlySpan<float> weights, double mass)
    {
        // Most nuclei are small, and a pass is much cheaper than looking at every candidate: guess, and guess higher.
        for (int guess = FirstGuess; guess <= LastGuess && guess < scores.Length; guess *= 8)
        {
            ReadOnlySpan<ulong> best = Best(scores, guess);
            if (Quickselect.CountOfMass(best, weights, mass) is var count and > 0)
                return best[count - 1];
        }
        Span<ulong> all = Buffers.AtLeast(ref _keys, scores.Length);
        all = all[..Gather(scores, scores.Length, all)];
        return Quickselect.LastOfMass(all, weights, mass);
    }

    private Span<ulong> Room(int length, int count) =>
        Buffers.AtLeast(ref _keys, (int)Math.Min(length, 2L * count + 4 * FirstGuess));

    // Leaves the best keys at the front, the worst of them last, and gives their number. The buffer holds more than count keys, or all.
    private static int Gather(ReadOnlySpan<float> scores, int count, Span<ulong> keys)
    {
        if (count == 0)
            return 0;
        float threshold = float.NegativeInfinity;
        int kept = 0;
        for (int i = LogitMath.NextAbove(scores, 0, threshold); i < scores.Length; i = LogitMath.NextAbove(scores, i + 1, threshold))
        {
            if (kept == keys.Length)
            {
                Quickselect.MoveSmallestToFront(keys, count);
                kept = count;
                // From now on a score equal to the worst kept does not belong: its index is higher than all before.
                threshold = RankingKey.Score(keys[count - 1]);
                if (scores[i] <= threshold)
                    continue;
            }
            keys[kept++] = RankingKey.Of(scores[i], i);
        }
        Quickselect.MoveSmallestToFront(keys[..kept], Math.Min(count, kept));
        return Math.Min(count, kept);
    }
}
