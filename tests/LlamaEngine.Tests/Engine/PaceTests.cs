using LlamaEngine.Scheduling;

namespace LlamaEngine.Tests.Engine;

/// <summary>Readers that rest: they get the same, later and more of it at one time.</summary>
public sealed class PaceTests
{
    private static readonly GenerationOptions s_options = new() { MaxTokens = 40, IgnoreEndTokens = true, Temperature = 1, Seed = 11, Choices = 3 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(3_600_000)]
    [InlineData(Timeout.Infinite)]
    public async Task What_is_generated_does_not_depend_on_the_pace(int milliseconds)
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.StandIn);
        string[] expected = await TokensAsync(engine, s_options);
        var pace = new UpdatePace { Rest = TimeSpan.FromMilliseconds(milliseconds) };
        Assert.Equal(expected, await TokensAsync(engine, s_options with { Pace = pace }));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(96, 1, 96)]
    [InlineData(Timeout.Infinite, Timeout.Infinite, Timeout.Infinite)]
    public void A_rest_is_never_longer_than_it_was_set(int milliseconds, int least, int most)
    {
        var pace = new UpdatePace { Rest = TimeSpan.FromMilliseconds(milliseconds) };
        for (int i = 0; i < 1000; i++)
            Assert.InRange(pace.Next, TimeSpan.FromMilliseconds(least), TimeSpan.FromMilliseconds(most));
    }

    [Fact]
    public async Task At_the_end_a_reader_is_woken_for_the_first_token_and_the_last_only()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.StandIn);
        GenerationOptions options = s_options with { Choices = 1, Pace = UpdatePace.AtTheEnd };
        await using IAsyncEnumerator<CompletionUpdate> updates = engine.GenerateAsync("A camera is", options, Token).GetAsyncEnumerator(Token);
        int woken = 0;
        while (true)
        {
            ValueTask<bool> next = updates.MoveNextAsync();
            woken += next.IsCompleted ? 0 : 1;
            if (!await next)
                break;
        }
        Assert.InRange(woken, 0, 2);
    }

    [Fact]
    public async Task A_resting_reader_is_woken_by_a_cancellation()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.StandIn);
        using var cancelling = new CancellationTokenSource();
        GenerationOptions options = s_options with { Choices = 1, MaxTokens = null, Pace = UpdatePace.AtTheEnd };
        await using IAsyncEnumerator<CompletionUpdate> updates = engine.GenerateAsync("A camera is", options, cancelling.Token).GetAsyncEnumerator(cancelling.Token);
        Assert.True(await updates.MoveNextAsync());
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await updates.MoveNextAsync().AsTask().WaitAsync(Token))
            {
            }
        });
    }

    private static async Task<string[]> TokensAsync(InferenceEngine engine, GenerationOptions options)
    {
        var choices = new List<int>[options.Choices];
        for (int i = 0; i < choices.Length; i++)
            choices[i] = [];
        await foreach (CompletionUpdate update in engine.GenerateAsync("A camera is", options, Token))
        {
            if (update.TokenId is { } token)
                choices[update.ChoiceIndex].Add(token);
        }
        return Array.ConvertAll(choices, tokens => string.Join(' ', tokens));
    }
}
