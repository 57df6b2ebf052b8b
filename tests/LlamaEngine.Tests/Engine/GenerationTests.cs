using LlamaEngine.Sampling;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Engine;

/// <summary>What callers of the engine rely on, with the demo model.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class GenerationTests : IAsyncLifetime
{
    private const string CameraAnswer = "camera (noun): equipment for taking photographs.";

    private static readonly Prompt s_camera = Prompt.FromUser("What is a camera?");

    private InferenceEngine _engine = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _engine = TestEngine.Create(Lexicon.Model);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Completion_carries_text_tokens_reason_usage_and_timings()
    {
        Completion completion = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        Assert.Equal(CameraAnswer, completion.Text);
        Assert.Equal(FinishReason.Stop, completion.FinishReason);
        Assert.Equal(_engine.Tokenize(s_camera).Length, completion.Usage.PromptTokens);
        Assert.Equal(completion.Tokens.Length, completion.Usage.CompletionTokens);
        Assert.Contains(completion.Tokens[^1], _engine.Model.EndTokenIds);
        Assert.True(completion.Timings.Prefill > TimeSpan.Zero && completion.Timings.Decode > TimeSpan.Zero);
        Assert.Empty(completion.LogProbabilities);
    }

    [Fact]
    public async Task Stream_adds_up_to_the_completion()
    {
        Completion whole = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        List<CompletionUpdate> updates = await Collect(_engine.GenerateAsync(s_camera, cancellationToken: Token));
        Assert.Equal(whole.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.Equal(whole.Tokens, updates.Where(update => update.TokenId is not null).Select(update => update.TokenId!.Value));
        Assert.All(updates[..^1], update => Assert.Equal(FinishReason.None, update.FinishReason));
        Assert.Equal(whole.FinishReason, updates[^1].FinishReason);
        Assert.True(updates.Count(update => update.Text.Length > 0) > 5, "the text should arrive in pieces");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task MaxTokens_ends_by_length(int most)
    {
        Completion completion = await _engine.CompleteAsync(s_camera, new GenerationOptions { MaxTokens = most }, Token);
        Assert.Equal(most, completion.Tokens.Length);
        Assert.Equal(FinishReason.Length, completion.FinishReason);
        Assert.StartsWith(completion.Text, CameraAnswer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_the_context_ends_by_length()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var endless = new GenerationOptions { IgnoreEndTokens = true, Temperature = 0 };
        Completion completion = await engine.CompleteAsync(s_camera, endless, Token);
        Assert.Equal(FinishReason.Length, completion.FinishReason);
        Assert.Equal(engine.Model.ContextLength, completion.Usage.TotalTokens);
    }

    [Theory]
    [InlineData("taking", "camera (noun): equipment for ")]
    [InlineData("t for t", "camera (noun): equipmen")]
    [InlineData("c", "")]
    [InlineData(".", "camera (noun): equipment for taking photographs")]
    [InlineData("photographs!", CameraAnswer)]
    public async Task Stop_strings_end_the_text_across_token_borders(string stop, string expected)
    {
        var options = new GenerationOptions { StopStrings = [stop] };
        List<CompletionUpdate> updates = await Collect(_engine.GenerateAsync(s_camera, options, Token));
        Assert.Equal(expected, string.Concat(updates.Select(update => update.Text)));
        Assert.Equal(FinishReason.Stop, updates[^1].FinishReason);
    }

    [Fact]
    public async Task Stop_tokens_end_the_completion_and_are_not_in_the_text()
    {
        Completion whole = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        int stop = whole.Tokens[3];
        Completion completion = await _engine.CompleteAsync(s_camera, new GenerationOptions { StopTokens = [stop] }, Token);
        Assert.Equal(stop, completion.Tokens[^1]);
        Assert.Equal(_engine.Tokenizer.Decode(completion.Tokens[..^1].AsSpan()), completion.Text);
        Assert.Equal(FinishReason.Stop, completion.FinishReason);
    }

    [Fact]
    public async Task MinTokens_holds_the_end_back()
    {
        Completion shortest = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        int least = shortest.Tokens.Length + 5;
        Completion longer = await _engine.CompleteAsync(s_camera, new GenerationOptions { MinTokens = least, MaxTokens = least + 20 }, Token);
        Assert.True(longer.Tokens.Length >= least);
        Assert.DoesNotContain(longer.Tokens[..^1], _engine.Model.EndTokenIds.Contains);
    }

    [Fact]
    public async Task Same_seed_gives_the_same_tokens()
    {
        var options = new GenerationOptions { Temperature = 1.5f, Seed = 7, MaxTokens = 24, IgnoreEndTokens = true };
        Completion first = await _engine.CompleteAsync(s_camera, options, Token), second = await _engine.CompleteAsync(s_camera, options, Token);
        Completion other = await _engine.CompleteAsync(s_camera, options with { Seed = 8 }, Token);
        Assert.Equal(first.Tokens, second.Tokens);
        Assert.NotEqual(first.Tokens, other.Tokens);
    }

    [Fact]
    public async Task Log_probabilities_come_with_alternatives_and_agree_with_the_logits()
    {
        var options = new GenerationOptions { Temperature = 0, TopLogProbabilities = 3 };
        Completion completion = await _engine.CompleteAsync(s_camera, options, Token);
        int[] prompt = _engine.Tokenize(s_camera);
        var expected = new float[completion.Tokens.Length];
        await _engine.ComputeLogitsAsync([[.. prompt, .. completion.Tokens]], (_, position, logits) =>
        {
            int step = position - prompt.Length + 1;
            if (step >= 0 && step < expected.Length)
                expected[step] = (float)(logits[completion.Tokens[step]] - LogSumExp(logits));
        }, Token);
        Assert.Equal(completion.Tokens.Length, completion.LogProbabilities.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], completion.LogProbabilities[i], 1e-4);
            Assert.Equal(3, completion.TopLogProbabilities[i].Length);
            Assert.Equal(completion.Tokens[i], completion.TopLogProbabilities[i][0].TokenId);
        }
    }

    [Fact]
    public async Task A_custom_processor_and_banned_tokens_steer_the_choice()
    {
        Completion plain = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        var banned = new GenerationOptions { BannedTokens = [plain.Tokens[0]], MaxTokens = 8 };
        Assert.NotEqual(plain.Tokens[0], (await _engine.CompleteAsync(s_camera, banned, Token)).Tokens[0]);
        var forced = new GenerationOptions { LogitProcessors = [new OnlyToken(42)], MaxTokens = 5 };
        Assert.Equal([42, 42, 42, 42, 42], (await _engine.CompleteAsync(s_camera, forced, Token)).Tokens);
    }

    [Fact]
    public async Task A_processor_that_throws_fails_its_own_request_only()
    {
        var broken = new GenerationOptions { LogitProcessors = [new Throwing()] };
        await Assert.ThrowsAsync<FormatException>(() => _engine.CompleteAsync(s_camera, broken, Token));
        Assert.Equal(CameraAnswer, (await _engine.CompleteAsync(s_camera, cancellationToken: Token)).Text);
    }

    [Fact]
    public async Task A_repeated_prompt_is_found_in_the_cache_and_answers_the_same()
    {
        Completion first = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        Completion second = await _engine.CompleteAsync(s_camera, cancellationToken: Token);
        Assert.Equal(first.Tokens, second.Tokens);
        Assert.Equal(0, first.Usage.CachedTokens);
        Assert.Equal(16, second.Usage.CachedTokens); // the one whole block of 16 before the last of 23 tokens
    }

    [Fact]
    public async Task A_chat_session_keeps_its_messages_and_reuses_what_was_computed()
    {
        using ChatSession chat = _engine.StartChat();
        string reply = await Text(chat.SendAsync("What is a camera?", cancellationToken: Token));
        List<CompletionUpdate> second = await Collect(chat.SendAsync("What is the opposite of hot?", cancellationToken: Token));
        Assert.Equal(CameraAnswer, reply);
        Assert.Equal(
            [ChatRole.User, ChatRole.Assistant, ChatRole.User, ChatRole.Assistant], chat.Messages.Select(message => message.Role));
        Assert.Equal(CameraAnswer, chat.Messages[1].Text);
        Assert.True(second[^1].Usage!.Value.CachedTokens > 20);
        chat.Reset();
        Assert.Empty(chat.Messages);
    }

    [Fact]
    public async Task Many_callers_at_once_each_get_their_own_answer()
    {
        string[] questions = ["What is a camera?", "Define freedom.", "What is the opposite of hot?", "Give another word for big."];
        var alone = new Dictionary<string, string>();
        foreach (string question in questions)
            alone[question] = (await _engine.CompleteAsync(Prompt.FromUser(question), cancellationToken: Token)).Text;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async i =>
        {
            string question = questions[i % questions.Length];
            Completion completion = await Task.Run(() => _engine.CompleteAsync(Prompt.FromUser(question), cancellationToken: Token), Token);
            Assert.Equal(alone[question], completion.Text);
        }));
    }

    [Fact]
    public async Task Bad_prompts_are_refused_by_name()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _engine.CompleteAsync(Array.Empty<int>(), cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _engine.CompleteAsync(new[] { -1 }, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _engine.CompleteAsync(new[] { _engine.Tokenizer.VocabularySize }, cancellationToken: Token));
        var tooLong = await Assert.ThrowsAsync<ContextLengthExceededException>(
            () => _engine.CompleteAsync(new int[_engine.Model.ContextLength], cancellationToken: Token));
        Assert.Equal(_engine.Model.ContextLength, tooLong.AvailableTokens);
        Assert.Equal(_engine.Model.ContextLength + 1, tooLong.RequestedTokens);
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            max = Math.Max(max, logit);
        foreach (float logit in logits)
            sum += Math.Exp(logit - max);
        return max + Math.Log(sum);
    }

    private static async Task<List<CompletionUpdate>> Collect(IAsyncEnumerable<CompletionUpdate> updates)
    {
        var list = new List<CompletionUpdate>();
        await foreach (CompletionUpdate update in updates)
            list.Add(update);
        return list;
    }

    private static async Task<string> Text(IAsyncEnumerable<CompletionUpdate> updates) =>
        string.Concat((await Collect(updates)).Select(update => update.Text));

    private sealed class OnlyToken(int token) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
            float kept = logits[token];
            logits.Fill(float.NegativeInfinity);
            logits[token] = kept;
        }
    }

    private sealed class Throwing : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => throw new FormatException("on purpose");
    }
}
