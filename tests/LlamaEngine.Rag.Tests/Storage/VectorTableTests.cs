using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Storage;

public class VectorTableTests
{
    /// <summary>Sizes around the segments' boundaries, dimensions around the lanes'.</summary>
    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 1)]
    [InlineData(33, 7)]
    [InlineData(1023, 16)]
    [InlineData(1024, 17)]
    [InlineData(1025, 33)]
    [InlineData(2500, 31)]
    public void Finds_what_a_search_by_hand_finds(int count, int dimensions)
    {
        float[][] vectors = Units(count, dimensions, seed: count);
        VectorTable table = VectorTable.Empty.With([], [.. vectors.Select((vector, i) => (i + 1L, vector))]);
        float[] query = Units(1, dimensions, seed: 99)[0];
        foreach (bool standardized in (bool[])[false, true])
            AssertSame(ByHand(vectors.Select((vector, i) => (i + 1L, vector)), query, standardized), table.Compare(query, standardized));
    }

    [Fact]
    public void Stays_right_through_random_changes_and_never_changes_for_who_holds_it()
    {
        const int Dimensions = 9;
        Random random = new(3);
        float[] query = Units(1, Dimensions, seed: 1)[0];
        SortedDictionary<long, float[]> model = [];
        VectorTable table = VectorTable.Empty;
        long next = 1;
        for (int round = 0; round < 120; round++)
        {
            VectorTable before = table;
            List<(long, double)> expected = ByHand(model.Select(one => (one.Key, one.Value)), query, standardized: true);
            // Grows over three segments, then shrinks to almost nothing, so that it is written anew.
            long[] removed = [.. model.Keys.Where(_ => random.Next(100) < (round < 60 ? 5 : 25)).Order()];
            (long, float[])[] added = [.. Units(random.Next(round < 60 ? 120 : 4), Dimensions, round).Select(vector => (next++, vector))];
            table = table.With(removed, added);
            foreach (long id in removed)
                model.Remove(id);
            foreach ((long id, float[] vector) in added)
                model[id] = vector;
            Assert.Equal(model.Count, table.Count);
            Assert.True(table.Rows <= 2 * table.Count + 2 * VectorTable.SegmentRows);
            AssertSame(ByHand(model.Select(one => (one.Key, one.Value)), query, standardized: true), table.Compare(query, standardized: true));
            AssertSame(expected, before.Compare(query, standardized: true));
            Assert.All(removed, id => Assert.Null(table.Compare(query, standardized: false).Of(id)));
        }
    }

    [Fact]
    public void Equal_vectors_come_in_the_order_of_their_ids()
    {
        float[] one = [1, 0], other = [0, 1];
        VectorTable table = VectorTable.Empty.With([], [(3, one), (5, other), (8, one), (9, other), (12, one)]);
        Assert.Equal([3, 8, 12, 5], table.Compare(one, standardized: false).Top(4));
        Assert.Equal([5, 9, 3], table.Compare(other, standardized: true).Top(3));
    }

    [Fact]
    public void A_vector_of_zeros_and_vectors_that_are_all_alike_are_similar_to_nothing()
    {
        float[] query = [1, 0];
        Assert.Equal(0, VectorTable.Empty.With([], [(1, [0, 0]), (2, [1, 0])]).Compare(query, standardized: false).Of(1));
        Assert.Equal(0, VectorTable.Empty.With([], [(1, [1, 0])]).Compare(query, standardized: true).Of(1));
        Assert.Equal(0, VectorTable.Empty.With([], [(1, [1, 0])]).Compare([0, 0], standardized: false).Of(1));
    }

    [Fact]
    public void Vectors_are_normalized_when_they_come_in()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Replace("a.md", "h", Samples.Document("One", "Herring.", "Kelp."), [new Embedding<float>(new float[] { 30, 40 }), new Embedding<float>(new float[] { 0, 0.001f })]);
        VectorScores scores = index.Read(view => view.Vectors.Compare([1, 0], standardized: false));
        Assert.Equal(0.6f, scores.Of(1)!.Value, 1e-6f);
        Assert.Equal(0, scores.Of(2)!.Value, 1e-6f);
    }

    private static void AssertSame(List<(long Id, double Cosine)> expected, VectorScores actual)
    {
        foreach ((long id, double cosine) in expected)
            Assert.Equal(cosine, actual.Of(id)!.Value, 2e-5);
        // Two that are nearer to each other than float32 tells may change places.
        long[] top = [.. actual.Top(20)];
        Assert.Equal(Math.Min(20, expected.Count), top.Length);
        Dictionary<long, double> cosines = expected.ToDictionary(one => one.Id, one => one.Cosine);
        for (int i = 0; i < top.Length; i++)
            Assert.Equal(expected[i].Cosine, cosines[top[i]], 2e-5);
    }

    /// <summary>The definition, in double.</summary>
    private static List<(long Id, double Cosine)> ByHand(IEnumerable<(long Id, float[] Vector)> vectors, float[] query, bool standardized)
    {
        (long Id, float[] Vector)[] all = [.. vectors];
        double[] mean = [.. query.Select((_, i) => standardized && all.Length > 0 ? all.Average(one => (double)one.Vector[i]) : 0)];
        double[] deviation = [.. query.Select((_, i) => standardized && all.Length > 0 ? Math.Sqrt(all.Average(one => Math.Pow(one.Vector[i] - mean[i], 2))) : 1)];
        return [.. all.Select(one => (one.Id, Cosine(From(one.Vector), From(query)))).OrderByDescending(one => one.Item2).ThenBy(one => one.Id)];

        double[] From(float[] vector) => [.. vector.Select((value, i) => deviation[i] > 1e-6 ? (value - mean[i]) / deviation[i] : 0)];

        static double Cosine(double[] x, double[] y)
        {
            double product = x.Zip(y, (a, b) => a * b).Sum(), lengths = Math.Sqrt(x.Sum(a => a * a) * y.Sum(b => b * b));
            return lengths > 1e-6 ? product / lengths : 0;
        }
    }

    private static float[][] Units(int count, int dimensions, int seed)
    {
        float[][] all = [.. Samples.Vectors(count, dimensions, seed).Select(one => one.Vector.ToArray())];
        foreach (float[] vector in all)
            Vectors.Normalize(vector);
        return all;
    }
}
