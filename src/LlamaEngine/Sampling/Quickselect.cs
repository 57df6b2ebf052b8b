using System.Numerics;

namespace LlamaEngine.Sampling;

/// <summary>Hoare's selection (CACM 1961) among distinct <see cref="RankingKey"/>s, by number and by weight.</summary>
internal static class Quickselect
{
    private const int SmallEnoughToSort = 16;

    /// <summary>The smallest <paramref name="count"/> keys move to the front, the largest of them last.</summary>
    public static void MoveSmallestToFront(Span<ulong> keys, int count)
    {
        // Unlucky pivots are given up on for a sort, so that no input takes quadratic time.
        for (int rounds = Rounds(keys.Length); keys.Length > SmallEnoughToSort && rounds > 0; rounds--)
        {
            int split = Partition(keys);
            bool inFirst = count <= split;
            keys = inFirst ? keys[..split] : keys[split..];
            count -= inFirst ? 0 : split;
        }
        keys.Sort();
    }

    /// <summary>The largest of the fewest smallest keys whose weights reach a mass; the largest of all if they never do. Reorders the keys.</summary>
    /// <param name="keys">At least one.</param>
    /// <param name="weights">A weight for each key's index.</param>
    public static ulong LastOfMass(Span<ulong> keys, ReadOnlySpan<float> weights, double mass)
    {
        for (int rounds = Rounds(keys.Length); keys.Length > SmallEnoughToSort && rounds > 0; rounds--)
        {
            int split = Partition(keys);
            double first = 0;
            foreach (ulong key in keys[..split])
                first += weights[RankingKey.Index(key)];
            bool inFirst = first >= mass;
            keys = inFirst ? keys[..split] : keys[split..];
            mass -= inFirst ? 0 : first;
        }
        keys.Sort();
        int count = CountOfMass(keys, weights, mass);
        return count > 0 ? keys[count - 1] : keys[^1];
    }

    /// <summary>How many of the first keys it takes to reach a mass; 0 if all together do not.</summary>
    public static int CountOfMass(ReadOnlySpan<ulong> keys, ReadOnlySpan<float> weights, double mass)
    {
        double sum = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            sum += weights[RankingKey.Index(keys[i])];
            if (sum >= mass)
                return i + 1;
        }
        return 0;
    }

    private static int Rounds(int length) => 2 * BitOperations.Log2((uint)length) + 2;

    // Two parts, no key of the first above one of the second; gives the length of the first. The pivot is the middle one of
    // three distinct keys, so neither part is empty and neither scan runs off the end.
    private static int Partition(Span<ulong> keys)
    {
        ulong a = keys[0], b = keys[keys.Length / 2], c = keys[^1];
        ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        int low = -1, high = keys.Length;
        while (true)
        {
            while (keys[++low] < pivot)
            {
            }
            while (keys[--high] > pivot)
            {
            }
            if (low >= high)
                return low;
            (keys[low], keys[high]) = (keys[high], keys[low]);
        }
    }
}
