using LlamaEngine.Rag.Tests.Storage;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Retrieval;

public sealed class RetrieverTests : IDisposable
{
    private const string Question = "Who salts the herring?";
    private readonly DocumentIndex _index = DocumentIndex.Open(null, "a");
    private readonly FixedEmbedder _embedder = new(2, new() { [Question] = [1, 0] });

    // By text: 1, 2, 4 (their words), by similarity: 3, 2, 4, 1.
    public RetrieverTests() => _index.Replace("a.md", "h", Samples.Document(
        "T", "Salt, salt, salted herring.", "A herring, salted by the keeper of the lamp.", "Rope and tar.", "One more herring that is as long as a sentence may be at all."),
        [Vector(-1, 0.1f), Vector(1, 0.5f), Vector(1, 0), Vector(0, 1)]);

    public void Dispose() => _index.Dispose();

    [Fact]
    public async Task Fuses_ranks_as_the_formula_says()
    {
        IReadOnlyList<RetrievedPassage> found = await SearchAsync(new() { StandardizeVectors = false, RankConstant = 10, TextWeight = 2, VectorWeight = 3 });
        (long, double, int?, int?)[] expected = [
            (2, 2.0 / 12 + 3.0 / 12, 2, 2), (1, 2.0 / 11 + 3.0 / 14, 1, 4), (4, 2.0 / 13 + 3.0 / 13, 3, 3), (3, 3.0 / 11, null, 1)];
        Assert.Equal(expected.OrderByDescending(one => one.Item2).Select(one => (one.Item1, one.Item3, one.Item4)), found.Select(one => (one.Passage.Id, one.TextRank, one.VectorRank)));
        Assert.All(found, one => Assert.Equal(expected.Single(other => other.Item1 == one.Passage.Id).Item2, one.Score, 1e-12));
        Assert.Equal(1 / Math.Sqrt(1.25), found.Single(one => one.Passage.Id == 2).Similarity!.Value, 1e-6);
        Assert.Equal(1, found.Single(one => one.Passage.Id == 2).Coverage, 1e-12);
        Assert.Equal(0, found.Single(one => one.Passage.Id == 3).Coverage);
    }

    [Fact]
    public async Task One_ranking_alone_is_that_ranking_whatever_the_weights()
    {
        IReadOnlyList<RetrievedPassage> text = await SearchAsync(new() { Mode = RetrievalMode.Text, TextWeight = 0 });
        Assert.Equal([1, 2, 4], text.Select(one => one.Passage.Id));
        Assert.All(text, one => Assert.Null(one.Similarity));
        Assert.Equal(0, _embedder.Calls);
        IReadOnlyList<RetrievedPassage> vectors = await SearchAsync(new() { Mode = RetrievalMode.Vectors, VectorWeight = 0, StandardizeVectors = false });
        Assert.Equal([3, 2, 4, 1], vectors.Select(one => one.Passage.Id));
        Assert.All(vectors, one => Assert.Null(one.TextRank));
        Assert.Equal(1, _embedder.Calls);
    }

    [Fact]
    public async Task Candidates_bound_each_ranking_and_similarity_is_known_nonetheless()
    {
        IReadOnlyList<RetrievedPassage> found = await SearchAsync(new() { TopK = 1, Candidates = 1, VectorWeight = 1, StandardizeVectors = false });
        RetrievedPassage one = Assert.Single(found);
        // 1 by text and 3 by similarity have the same score: the smaller id.
        Assert.Equal((1, 1, (int?)null), (one.Passage.Id, one.TextRank!.Value, one.VectorRank));
        Assert.Equal(-1 / Math.Sqrt(1.01), one.Similarity!.Value, 1e-6);
    }

    [Fact]
    public async Task A_budget_leaves_out_what_does_not_fit_but_not_the_best()
    {
        RetrievalOptions text = new() { Mode = RetrievalMode.Text };
        // Tokens: 4, 9, 14.
        await AssertIdsAsync([1, 2, 4], text with { TokenBudget = 27 });
        await AssertIdsAsync([1, 2], text with { TokenBudget = 26 });
        await AssertIdsAsync([1, 2], text with { TokenBudget = 13 });
        await AssertIdsAsync([1], text with { TokenBudget = 12 });
        await AssertIdsAsync([1], text with { TokenBudget = 1 });
    }

    [Fact]
    public async Task A_threshold_takes_words_or_similarity()
    {
        RetrievalOptions options = new() { StandardizeVectors = false, MinimumCoverage = 0.9, RankConstant = 60, VectorWeight = 1 };
        await AssertIdsAsync([2, 1], options);
        await AssertIdsAsync([2, 1, 3], options with { MinimumSimilarity = 0.85f });
        await AssertIdsAsync([1, 2], options with { Mode = RetrievalMode.Text, MinimumSimilarity = -1 });
        // What is left out does not count: the next ones come in its place.
        await AssertIdsAsync([2, 1], options with { Mode = RetrievalMode.Vectors, TopK = 2 });
        Assert.Empty(await new Retriever(_index, _embedder).SearchAsync("submarines", new() { MinimumCoverage = 0.1 }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nothing_comes_of_an_empty_index()
    {
        using DocumentIndex empty = DocumentIndex.Open(null, "a");
        Assert.Empty(await new Retriever(empty, _embedder).SearchAsync(Question, null, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    public async Task Refuses_an_empty_question(string question) =>
        await Assert.ThrowsAsync<ArgumentException>(() => new Retriever(_index, _embedder).SearchAsync(question, null, TestContext.Current.CancellationToken));

    [Fact]
    public async Task Refuses_vectors_of_another_length()
    {
        Retriever retriever = new(_index, new FixedEmbedder(3));
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(() => retriever.SearchAsync("herring", null, TestContext.Current.CancellationToken));
        Assert.Contains("3 numbers, those of the index 2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_cancelled() => await Assert.ThrowsAnyAsync<OperationCanceledException>(
        () => new Retriever(_index, _embedder).SearchAsync(Question, new() { Mode = RetrievalMode.Text }, new CancellationToken(canceled: true)));

    public static TheoryData<RetrievalOptions, string> OutOfRange => new()
    {
        { new() { TopK = 0 }, "TopK" }, { new() { TopK = 1001, Candidates = 2000 }, "TopK" }, { new() { Candidates = 4 }, "Candidates" }, { new() { Candidates = 10_001 }, "Candidates" },
        { new() { TokenBudget = 0 }, "TokenBudget" }, { new() { MinimumCoverage = -0.1 }, "MinimumCoverage" }, { new() { MinimumCoverage = 1.1 }, "MinimumCoverage" },
        { new() { MinimumCoverage = double.NaN }, "MinimumCoverage" }, { new() { MinimumSimilarity = 1.5f }, "MinimumSimilarity" }, { new() { MinimumSimilarity = float.NaN }, "MinimumSimilarity" },
        { new() { RankConstant = -1 }, "RankConstant" }, { new() { RankConstant = double.NaN }, "RankConstant" }, { new() { TextWeight = -1 }, "TextWeight" },
        { new() { VectorWeight = double.PositiveInfinity }, "VectorWeight" }, { new() { TextWeight = 0, VectorWeight = 0 }, "VectorWeight" }, { new() { Mode = (RetrievalMode)9 }, "Mode" },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public async Task Refuses_options_out_of_range(RetrievalOptions options, string name)
    {
        ArgumentOutOfRangeException exception = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SearchAsync(options));
        Assert.Equal(name, exception.ParamName);
        Assert.StartsWith($"{name} has to be ", exception.Message, StringComparison.Ordinal);
    }

    private Task<IReadOnlyList<RetrievedPassage>> SearchAsync(RetrievalOptions options) =>
        new Retriever(_index, _embedder).SearchAsync(Question, options, TestContext.Current.CancellationToken);

    private async Task AssertIdsAsync(long[] expected, RetrievalOptions options) =>
        Assert.Equal(expected, (await SearchAsync(options)).Select(one => one.Passage.Id));

    private static Embedding<float> Vector(params float[] values) => new(values);
}
