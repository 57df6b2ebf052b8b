using LlamaEngine.Tests.Engine;
using LlamaEngine.Tribunal;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Tribunal;

/// <summary>What callers of a tribunal rely on, with the demo model and, where it is there, SmolLM2.</summary>
public sealed class TribunalTests
{
    private const string Camera = "What is a camera?", CameraAnswer = "camera (noun): equipment for taking photographs.";

    /// <summary>Few words, since the demo model's context is short.</summary>
    private static readonly TribunalOptions s_brief = new()
    {
        Generation = new GenerationOptions { Temperature = 0, MaxTokens = 16 },
        Critique = new() { Prompt = "Review it." },
        Revise = new() { Prompt = "Write it again." },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_demo_model_answers_criticizes_and_revises()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        TribunalResult result = await engine.TribunalAsync(Camera, new() { Generation = s_brief.Generation }, Token);
        Assert.Equal(["generate", "critique", "revise"], result.Stages.Select(stage => stage.Name));
        Assert.Equal([0, 1, 1], result.Stages.Select(stage => stage.Round));
        Assert.Equal(CameraAnswer, result.Stages[0].Text);
        Assert.Equal(result.Stages[2].Text, result.Output);
        Assert.False(result.IsApproved);
        Assert.All(result.Stages, stage => Assert.Equal(engine.Model.Name, stage.Model));
        await CheckStagesAsync(engine, result, s_brief.Generation);
    }

    [Fact]
    public async Task SmolLM2_shows_all_stages_and_each_finds_the_ones_before_in_the_cache()
    {
        TestDevice.SkipOnSoftware("135 million parameters");
        await using InferenceEngine engine = TestEngine.Create(SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf"));
        var generation = new GenerationOptions { Temperature = 0, MaxTokens = 40 };
        TribunalResult result = await engine.TribunalAsync("Why is the sky blue?", new() { Rounds = 2, Generation = generation }, Token);
        Assert.Equal(["generate", "critique", "revise", "critique", "revise"], result.Stages.Select(stage => stage.Name));
        Assert.All(result.Stages, stage => Assert.NotEmpty(stage.Text));
        await CheckStagesAsync(engine, result, generation);
    }

    [Fact]
    public async Task The_chat_stays_in_the_cache_whatever_else_is_asked_between_its_stages()
    {
        await using InferenceEngine engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.Model, KvCacheTokens = 512 });
        var random = new Random(1);
        TribunalResult? result = null;
        await foreach (TribunalUpdate update in engine.StreamTribunalAsync(Camera, s_brief, Token))
        {
            result = update.Result;
            for (int i = 0; update.Kind == TribunalUpdateKind.StageEnded && i < 6; i++)
                await engine.CompleteAsync((int[])[.. Enumerable.Range(0, 200).Select(_ => random.Next(4000))], new() { MaxTokens = 1 }, Token);
        }
        Assert.True(engine.Statistics.Evictions > 20);
        CheckCached(engine, result!);
        await engine.CompleteAsync("a", new() { MaxTokens = 1 }, Token);
        Assert.Equal(0, engine.Statistics.KvBlocksRetained);
    }

    [Fact]
    public async Task Rounds_go_on_in_the_same_chat()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        ChatMessage[] chat = [new(ChatRole.User, "Define freedom."), new(ChatRole.Assistant, "freedom (noun)."), new(ChatRole.User, Camera)];
        TribunalResult result = await engine.TribunalAsync(chat, s_brief with { Rounds = 2 }, Token);
        Assert.Equal([0, 1, 1, 2, 2], result.Stages.Select(stage => stage.Round));
        string[] said = [.. result.Stages.Select(stage => stage.Text)];
        Assert.Equal(
            ["Define freedom.", "freedom (noun).", Camera, said[0], "Review it.", said[1], "Write it again.", said[2], "Review it.", said[3], "Write it again."],
            result.Stages[^1].Messages.Select(message => message.Text));
        Assert.Equal(said[4], result.Output);
        Assert.Equal(result.Stages.Sum(stage => stage.Usage.TotalTokens), result.Usage.TotalTokens);
        await CheckStagesAsync(engine, result, s_brief.Generation);
    }

    [Fact]
    public async Task Replaced_prompts_are_filled_in_and_what_is_put_in_is_not_read_again()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        TribunalResult result = await engine.TribunalAsync(
            "Say {critique}.",
            new()
            {
                Generation = new() { MaxTokens = 8, Temperature = 0 },
                Generate = new() { Prompt = "Q: {request} {\"json\": {}}" },
                Critique = new() { Prompt = "{request}|{answer}|{request}", Generation = new() { MaxTokens = 5 } },
                Revise = new() { Prompt = "<{critique}> on <{answer}> to <{request}>" },
            },
            Token);
        string answer = result.Stages[0].Text, critique = result.Stages[1].Text;
        Assert.Equal("Q: Say {critique}. {\"json\": {}}", Assert.Single(result.Stages[0].Messages).Text);
        Assert.Equal($"Say {{critique}}.|{answer}|Say {{critique}}.", result.Stages[1].Messages[^1].Text);
        Assert.Equal($"<{critique}> on <{answer}> to <Say {{critique}}.>", result.Stages[2].Messages[^1].Text);
        Assert.Equal(5, result.Stages[1].Usage.CompletionTokens);
    }

    [Fact]
    public async Task Each_stage_may_have_an_engine_of_its_own_with_its_own_cache()
    {
        await using InferenceEngine generator = TestEngine.Create(Lexicon.Model);
        await using InferenceEngine critic = TestEngine.Create(Lexicon.Model);
        await using InferenceEngine reviser = TestEngine.Create(Lexicon.Model);
        TribunalResult result = await generator.TribunalAsync(
            Camera,
            s_brief with { Rounds = 2, Critique = s_brief.Critique with { Engine = critic }, Revise = s_brief.Revise with { Engine = reviser } },
            Token);
        Assert.Equal((1, 2, 2), (generator.Statistics.EndedRequests, critic.Statistics.EndedRequests, reviser.Statistics.EndedRequests));
        Assert.Equal([0, 0, 0], result.Stages[..3].Select(stage => stage.Usage.CachedTokens));
        Assert.True(result.Stages[3].Usage.CachedTokens >= WholeBlocks(critic, result.Stages[1]));
        Assert.True(result.Stages[4].Usage.CachedTokens >= WholeBlocks(reviser, result.Stages[2]));
        Assert.Equal((await generator.TribunalAsync(Camera, s_brief with { Rounds = 2 }, Token)).Output, result.Output);
    }

    [Fact]
    public async Task The_stream_tells_the_same_as_it_happens()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        TribunalResult whole = await engine.TribunalAsync(Camera, s_brief, Token);
        IAsyncEnumerable<TribunalUpdate> stream = engine.StreamTribunalAsync(Camera, s_brief, Token);
        for (int enumeration = 0; enumeration < 2; enumeration++)
        {
            List<TribunalUpdate> updates = await stream.ToListAsync(Token);
            for (int i = 0; i < 3; i++)
            {
                TribunalUpdate[] own = [.. updates[..^1].Where(update => update.StageIndex == i)];
                Assert.Equal(TribunalUpdateKind.StageStarted, own[0].Kind);
                Assert.All(own[1..^1], update => Assert.Equal(TribunalUpdateKind.Text, update.Kind));
                Assert.True(own.Length > 5, "the text should arrive in pieces");
                Assert.Equal(TribunalUpdateKind.StageEnded, own[^1].Kind);
                Assert.All(own, update => Assert.Equal((whole.Stages[i].Name, whole.Stages[i].Round, whole.Stages[i].Model), (update.StageName, update.Round, update.Model)));
                Assert.Equal(whole.Stages[i].Text, string.Concat(own.Select(update => update.Text)));
                Assert.Equal(whole.Stages[i].Messages.Select(message => message.Text), own[0].Messages.Select(message => message.Text));
                Assert.Equal(whole.Stages[i].Completion.Tokens, own[^1].Ended!.Completion.Tokens);
                Assert.Equal(whole.Stages[i].FinishReason, own[^1].Ended!.FinishReason);
            }
            Assert.Equal(updates.Select(update => update.StageIndex).Order(), updates.Select(update => update.StageIndex));
            Assert.Equal(TribunalUpdateKind.Ended, updates[^1].Kind);
            Assert.Equal(whole.Output, updates[^1].Result!.Output);
            Assert.Equal(3, updates[^1].Result!.Stages.Length);
        }
    }

    [Theory]
    [InlineData("OK", 2)]
    [InlineData(" \"ok\".", 2)]
    [InlineData("OK, but short.", 5)]
    [InlineData("Not OK", 5)]
    [InlineData("", 5)]
    public async Task A_critic_that_approves_ends_the_tribunal(string critique, int stages)
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        var options = s_brief with
        {
            Rounds = 2,
            ApprovalWord = "OK",
            Critique = new() { Prompt = "Review it, or say {approval}.", Generation = new() { LogitProcessors = [ForcedReply.Of(engine, critique)] } },
        };
        TribunalResult result = await engine.TribunalAsync(Camera, options, Token);
        Assert.Equal(stages, result.Stages.Length);
        Assert.Equal(stages == 2, result.IsApproved);
        Assert.Equal("Review it, or say OK.", result.Stages[1].Messages[^1].Text);
        if (stages == 2)
            Assert.Equal(CameraAnswer, result.Output);
    }

    [Fact]
    public async Task The_default_prompt_tells_the_critic_how_to_approve()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        TribunalResult result = await engine.TribunalAsync(Camera, new() { Generation = s_brief.Generation, ApprovalWord = "APPROVED" }, Token);
        Assert.Contains("reply with APPROVED and nothing else", result.Stages[1].Messages[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_in_a_later_stage_keeps_what_was_told()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        using var source = new CancellationTokenSource();
        List<TribunalStage> ended = [];
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TribunalUpdate update in engine.StreamTribunalAsync(Camera, s_brief, source.Token))
            {
                if (update.Ended is { } stage)
                    ended.Add(stage);
                if (update is { Stage: TribunalStageKind.Critique, Kind: TribunalUpdateKind.Text })
                    await source.CancelAsync();
            }
        });
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal(CameraAnswer, Assert.Single(ended).Text);
        await engine.CompleteAsync("a", new() { MaxTokens = 1 }, Token);
        Assert.Equal((0, 0), (engine.Statistics.RunningSequences, engine.Statistics.KvBlocksRetained));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.TribunalAsync(Camera, s_brief, source.Token));
    }

    [Fact]
    public async Task A_chat_that_outgrows_the_context_fails_with_the_stages_that_ended()
    {
        await using InferenceEngine engine = TestEngine.Create(Lexicon.Model);
        int room = engine.Model.ContextLength - engine.Tokenize(Prompt.FromUser(Camera)).Length;
        int[] words = engine.Tokenizer.Encode(string.Join(' ', Enumerable.Repeat(CameraAnswer, 100)))[..room];
        var longwinded = new GenerationOptions { LogitProcessors = [new ForcedReply(words)] };
        var endless = s_brief with { Generate = new() { Generation = longwinded } };
        var error = await Assert.ThrowsAsync<TribunalException>(() => engine.TribunalAsync(Camera, endless, Token));
        Assert.Equal((TribunalStageKind.Critique, 1), (error.Stage, error.Round));
        TribunalStage answer = Assert.Single(error.Stages);
        Assert.StartsWith(CameraAnswer, answer.Text, StringComparison.Ordinal);
        Assert.Equal(FinishReason.Length, answer.FinishReason);
        Assert.Equal(engine.Model.ContextLength, Assert.IsType<ContextLengthExceededException>(error.InnerException).AvailableTokens);

        string book = string.Concat(Enumerable.Repeat("a camera and ", 400));
        await Assert.ThrowsAsync<ContextLengthExceededException>(() => engine.TribunalAsync(book, s_brief, Token));
    }

    /// <summary>Each stage is what the model says to its messages, and found the prompt before it in the cache.</summary>
    private static async Task CheckStagesAsync(InferenceEngine engine, TribunalResult result, GenerationOptions? generation)
    {
        CheckCached(engine, result);
        foreach (TribunalStage stage in result.Stages)
        {
            Completion alone = await engine.CompleteAsync(Prompt.FromMessages(stage.Messages), generation, Token);
            Assert.Equal(alone.Tokens, stage.Completion.Tokens);
            Assert.Equal(alone.Text, stage.Text);
            Assert.Equal(alone.FinishReason, stage.FinishReason);
        }
    }

    private static void CheckCached(InferenceEngine engine, TribunalResult result)
    {
        for (int i = 1; i < result.Stages.Length; i++)
        {
            TribunalStage before = result.Stages[i - 1], stage = result.Stages[i];
            int[] earlier = engine.Tokenize(Prompt.FromMessages(before.Messages)), prompt = engine.Tokenize(Prompt.FromMessages(stage.Messages));
            Assert.Equal(earlier, prompt[..earlier.Length]);
            Assert.Contains(before.Text, engine.Tokenizer.Decode(prompt), StringComparison.Ordinal);
            Assert.Equal(prompt.Length, stage.Usage.PromptTokens);
            Assert.True(stage.Usage.CachedTokens >= WholeBlocks(engine, before), $"{stage.Name} found {stage.Usage.CachedTokens} tokens");
        }
    }

    /// <summary>Positions of a stage's prompt that fill blocks of the cache; at least one block.</summary>
    private static int WholeBlocks(InferenceEngine engine, TribunalStage stage)
    {
        int whole = stage.Usage.PromptTokens / engine.Statistics.KvBlockSize * engine.Statistics.KvBlockSize;
        Assert.True(whole > 0, "the prompt should fill a block");
        return whole;
    }
}
