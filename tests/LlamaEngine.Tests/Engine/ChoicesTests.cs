using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Engine;

/// <summary>Several completions of one prompt.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class ChoicesTests
{
    private static readonly Prompt s_prompt = Prompt.FromUser("Use run in a sentence.");

    private static readonly GenerationOptions s_sampled = new() { Temperature = 1.5f, Seed = 7, MaxTokens = 24, TopLogProbabilities = 2 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(128)]
    [InlineData(2)]
    public async Task Each_choice_is_what_it_would_be_alone(int maxSequences)
    {
        await using var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, MaxSequences = maxSequences });
        IReadOnlyList<Completion> choices = await engine.CompleteAllAsync(s_prompt, s_sampled with { Choices = 5 }, Token);
        Assert.Equal(5, choices.Count);
        Assert.True(choices.Select(choice => choice.Text).Distinct().Count() > 1);
        await using var other = TestEngine.Create(Lexicon.StandIn);
        for (int i = 0; i < choices.Count; i++)
        {
            Completion alone = await other.CompleteAsync(s_prompt, s_sampled with { Seed = s_sampled.Seed + (ulong)i }, Token);
            Assert.Equal(alone.Text, choices[i].Text);
            Assert.Equal(alone.Tokens, choices[i].Tokens);
            Assert.Equal(alone.LogProbabilities, choices[i].LogProbabilities);
            Assert.Equal(alone.FinishReason, choices[i].FinishReason);
        }
    }

    [Fact]
    public async Task The_prompt_is_computed_once()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        IReadOnlyList<Completion> choices = await engine.CompleteAllAsync(s_prompt, s_sampled with { Choices = 8, MaxTokens = 1 }, Token);
        int prompt = engine.Tokenize(s_prompt).Length;
        Assert.Equal(prompt, engine.Statistics.ComputedTokens);
        Assert.Equal(8, engine.Statistics.GeneratedTokens);
        Assert.All(choices.Skip(1), choice => Assert.Equal(new TokenUsage(prompt, 1, prompt), choice.Usage));
        Assert.Equal((8L, 0), (engine.Statistics.EndedRequests, engine.Statistics.KvBlocksInUse));
    }

    [Fact]
    public async Task A_single_completion_of_several_is_refused()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.CompleteAsync(s_prompt, new GenerationOptions { Choices = 2 }, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => engine.CompleteAllAsync(s_prompt, new GenerationOptions { Choices = 129 }, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => engine.CompleteAllAsync(s_prompt, new GenerationOptions { Choices = 0 }, Token));
    }

    [Fact]
    public async Task A_failing_choice_ends_all_and_frees_their_blocks()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var options = s_sampled with { Choices = 4, LogitProcessors = [new FailAfter(6)] };
        await Assert.ThrowsAsync<FormatException>(() => engine.CompleteAllAsync(s_prompt, options, Token));
        await Idle(engine);
        Assert.Equal(0, engine.Statistics.KvBlocksInUse);
    }

    [Fact]
    public async Task Choices_that_never_began_end_with_their_leader()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.CompleteAllAsync(s_prompt, s_sampled with { Choices = 4 }, source.Token));
        await Idle(engine);
        Assert.Equal(0, engine.Statistics.ComputedTokens);
    }

    private static async Task Idle(InferenceEngine engine)
    {
        while (engine.Statistics.RunningSequences + engine.Statistics.WaitingSequences > 0)
            await Task.Delay(1, Token);
    }

    private sealed class FailAfter(int calls) : ILogitProcessor
    {
        private int _calls;

        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
            if (++_calls > calls)
                throw new FormatException("as asked");
        }
    }
}
