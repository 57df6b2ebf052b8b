using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

public class TopSelectionTests
{
    public static TheoryData<int> Sizes => SamplingInputs.Sizes;

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_best_are_those_of_a_full_sort(int size)
    {
        var selection = new TopSelection();
        foreach (int count in new[] { 0, 1, 2, 20, 63, 64, 300, size - 1, size, size + 1, int.MaxValue })
        {
            float[] scores = SamplingInputs.Logits(size, count % 97, spread: 2);
            int[] expected = [.. Enumerable.Range(0, size)
                .Where(i => !float.IsNegativeInfinity(scores[i]))
                .OrderByDescending(i => scores[i]).ThenBy(i => i).Take(count)];
            Assert.Equal(expected, Indices(selection.Best(scores, count)));
            if (count > 0)
                Assert.Equal(expected[^1], RankingKey.Index(selection.WorstOfBest(scores, count)));
        }
    }

    [Theory]
    [InlineData("ascending")]
    [InlineData("descending")]
    [InlineData("equal")]
    [InlineData("organ pipe")]
    [InlineData("saw")]
    public void Patterns_are_selected_from_as_well(string pattern)
    {
        float[] scores = [.. Enumerable.Range(0, 20_000).Select(i => pattern switch
        {
            "ascending" => i,
            "descending" => -i,
            "equal" => 1f,
            "organ pipe" => Math.Min(i, 20_000 - i),
            _ => i % 17,
        })];
        int[] expected = [.. Enumerable.Range(0, 20_000).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(1000)];
        Assert.Equal(expected, Indices(new TopSelection().Best(scores, 1000)));
    }

    [Fact]
    public void Quickselect_agrees_with_a_sort_whatever_the_order()
    {
        var random = new Random(1);
        for (int round = 0; round < 500; round++)
        {
            ulong[] keys = [.. Enumerable.Range(0, random.Next(1, 400)).Select(i => ((ulong)random.Next(round + 1) << 32) | (uint)i)];
            random.Shuffle(keys);
            int count = random.Next(1, keys.Length + 1);
            ulong[] sorted = [.. keys.Order()];
            Quickselect.MoveSmallestToFront(keys, count);
            Assert.Equal(sorted[count - 1], keys[count - 1]);
            Assert.Equal(sorted[..count], keys[..count].Order());
            Assert.Equal(sorted, keys.Order());
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 1)]
    [InlineData(1, 1)]
    [InlineData(1.001, 2)]
    [InlineData(70, 70)]
    [InlineData(4096, 4096)]
    [InlineData(4097, 4097)]
    [InlineData(19998.5, 19999)]
    [InlineData(20000, 20000)]
    [InlineData(30000, 20000)]
    public void Mass_is_reached_with_as_few_as_it_takes(double mass, int expected)
    {
        var scores = new float[20000];
        var weights = new float[20000];
        weights.AsSpan().Fill(1);
        Assert.Equal(RankingKey.Of(0, expected - 1), new TopSelection().WorstOfMass(scores, weights, mass));
    }

    [Fact]
    public void Mass_of_random_weights_is_reached_as_by_a_full_sort()
    {
        var random = new Random(4);
        var selection = new TopSelection();
        for (int round = 0; round < 100; round++)
        {
            float[] scores = SamplingInputs.Logits(random.Next(1, 12_000), round, spread: 2);
            float[] weights = [.. scores.Select(_ => random.Next(0, 100) / 64f)]; // sums are exact in any order
            int[] sorted = [.. Enumerable.Range(0, scores.Length)
                .Where(i => !float.IsNegativeInfinity(scores[i])).OrderByDescending(i => scores[i]).ThenBy(i => i)];
            double mass = random.NextDouble() * 1.05 * sorted.Sum(i => weights[i]), sum = 0;
            int count = 0;
            while (count < sorted.Length && (count == 0 || sum < mass))
                sum += weights[sorted[count++]];
            Assert.Equal(sorted[count - 1], RankingKey.Index(selection.WorstOfMass(scores, weights, mass)));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1.5f)]
    [InlineData(-1.5f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.MinValue)]
    [InlineData(float.Epsilon)]
    [InlineData(float.NegativeInfinity)]
    public void Keys_give_back_what_went_in(float score)
    {
        ulong key = RankingKey.Of(score, 123_456);
        Assert.Equal(score, RankingKey.Score(key));
        Assert.Equal(123_456, RankingKey.Index(key));
    }

    private static int[] Indices(ReadOnlySpan<ulong> keys) => [.. keys.ToArray().Select(RankingKey.Index)];
}
