using System.Text.Json;
using LlamaEngine.Benchmarks.Stub;
using LlamaEngine.Sampling;
using LlamaEngine.Sampling.Structured.Masks;
using LlamaEngine.Sampling.Structured.Schemas;
using LlamaEngine.Tests.Engine;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>Completions of real models: those that end normally are instances, whatever else was asked for.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public class StructuredGenerationTests
{
    private const string Person =
        """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":120}},"required":["name","age"],"additionalProperties":false}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Completions_of_the_demo_model_satisfy_random_schemas() => AssertValid(await SchemaCompletions.OfDemoModelAsync());

    [Fact]
    public async Task Completions_of_SmolLM2_satisfy_random_schemas()
    {
        TestDevice.SkipOnSoftware("a model of 135 million parameters");
        AssertValid(await SchemaCompletions.OfSmolLM2Async());
    }

    [Fact]
    public async Task Tokens_are_the_same_alone_and_among_others_and_after_preemption()
    {
        GenerationOptions[] options = [.. Enumerable.Range(0, 12).Select(i => new GenerationOptions
        {
            MaxTokens = 60, Temperature = i % 3 == 0 ? 0 : 1, Seed = (ulong)i, TopLogProbabilities = 0,
            ResponseFormat = i % 4 == 0 ? null : i % 4 == 1 ? ResponseFormat.JsonObject : Format(i % 4 == 2 ? Person : """{"type":"array","items":{"type":"number"},"minItems":5}"""),
        })];
        var alone = new Completion[options.Length];
        await using (var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, MaxSequences = 1 }))
        {
            for (int i = 0; i < options.Length; i++)
                alone[i] = await engine.CompleteAsync("river", options[i], Token);
        }
        await using var busy = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, KvCacheTokens = 320, ContextLength = 160 });
        Completion[] together = await Task.WhenAll(options.Select(own => busy.CompleteAsync("river", own, Token)));
        Assert.True(busy.Statistics.Preemptions > 0);
        for (int i = 0; i < options.Length; i++)
        {
            Assert.Equal(alone[i].Tokens, together[i].Tokens);
            Assert.Equal(alone[i].LogProbabilities.Select(BitConverter.SingleToInt32Bits), together[i].LogProbabilities.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public async Task Several_choices_are_instances_each()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        IReadOnlyList<Completion> choices = await engine.CompleteAllAsync(
            "river", new GenerationOptions { Choices = 6, Temperature = 1, Seed = 3, MaxTokens = 120, ResponseFormat = Format(Person) }, Token);
        Assert.All(choices, choice => AssertValid(Person, choice));
        Assert.True(choices.Select(choice => choice.Text).Distinct().Count() > 1);
    }

    [Theory]
    [InlineData("min tokens")]
    [InlineData("bias towards the end")]
    [InlineData("bias against the end")]
    [InlineData("penalties")]
    [InlineData("truncations")]
    [InlineData("processor")]
    public async Task Other_options_do_not_lead_away_from_the_form(string which)
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var options = new GenerationOptions { Temperature = 1, Seed = 5, MaxTokens = 150, ResponseFormat = Format(Person) };
        options = which switch
        {
            "min tokens" => options with { MinTokens = 150 },
            "bias towards the end" => options with { LogitBias = engine.Model.EndTokenIds.ToDictionary(id => id, _ => 100f) },
            "bias against the end" => options with { LogitBias = engine.Model.EndTokenIds.ToDictionary(id => id, _ => -100f) },
            "penalties" => options with { RepetitionPenalty = 1.5f, PresencePenalty = 1, FrequencyPenalty = 1 },
            "truncations" => options with { TopK = 2, TopP = 0.5f, MinP = 0.1f, TypicalP = 0.9f },
            _ => options with { LogitProcessors = [new Insisting(engine.Tokenizer.Encode("the")[0])] },
        };
        Completion completion = await engine.CompleteAsync("river", options, Token);
        Assert.Equal(FinishReason.Stop, completion.FinishReason);
        AssertValid(Person, completion);
    }

    [Fact]
    public async Task What_would_end_elsewhere_is_refused()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var options = new GenerationOptions { ResponseFormat = ResponseFormat.JsonObject };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("StopStrings", () => engine.CompleteAsync("river", options with { StopStrings = ["}"] }, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("IgnoreEndTokens", () => engine.CompleteAsync("river", options with { IgnoreEndTokens = true }, Token));
        UnsupportedSchemaException refusal = await Assert.ThrowsAsync<UnsupportedSchemaException>(
            () => engine.CompleteAsync("river", options with { ResponseFormat = Format("""{"not":{}}""") }, Token));
        Assert.Equal("not", refusal.Keyword);
        Completion text = await engine.CompleteAsync("river", options with { ResponseFormat = ResponseFormat.Text, StopStrings = ["zzz"], MaxTokens = 2 }, Token);
        Assert.Equal(2, text.Tokens.Length);
    }

    [Fact]
    public async Task Alternatives_are_tokens_that_are_allowed()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var options = new GenerationOptions { MaxTokens = 30, TopLogProbabilities = 20, ResponseFormat = Format(Person) };
        var counts = new List<int>();
        await foreach (CompletionUpdate update in engine.GenerateAsync("river", options, Token))
        {
            Assert.All(update.TopLogProbabilities, alternative => Assert.True(float.IsFinite(alternative.LogProbability)));
            if (update.TokenId is not null)
                counts.Add(update.TopLogProbabilities.Length);
        }
        Assert.All(counts, count => Assert.InRange(count, 1, 20));
        Assert.Contains(counts, count => count < 20);
    }

    [Fact]
    public void A_device_leaves_such_requests_to_the_host()
    {
        SamplingParameters free = SamplingInputs.Parameters(100, new GenerationOptions());
        Assert.True(DeviceSampling.Supports(free));
        Assert.False(DeviceSampling.Supports(free with { Structure = new TokenStructure(SchemaCompiler.AnyObject, null!) }));
    }

    [Fact]
    public async Task Without_a_tokenizer_there_is_no_form()
    {
        await using var engine = StubBackend.CreateEngine(new EngineOptions { ContextLength = 512, KvCacheTokens = 1024 });
        int[] prompt = [1, 2];
        var options = new GenerationOptions { ResponseFormat = ResponseFormat.JsonObject };
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => engine.CompleteAsync(prompt, options, Token));
        Assert.Contains("tokenizer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_client_honours_the_formats_of_its_options()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        using IChatClient client = engine.AsChatClient();
        var schema = JsonElement.Parse(Person);
        ChatResponse typed = await client.GetResponseAsync("Who?", new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema, "person"), MaxOutputTokens = 150 }, Token);
        Assert.True(new SchemaValidator(schema).IsValid(JsonElement.Parse(typed.Text)), typed.Text);
        ChatResponse any = await client.GetResponseAsync("Who?", new ChatOptions { ResponseFormat = ChatResponseFormat.Json, MaxOutputTokens = 20 }, Token);
        Assert.StartsWith("{", any.Text.TrimStart(), StringComparison.Ordinal);
    }

    private static ResponseFormat Format(string schema) => ResponseFormat.JsonSchema(JsonElement.Parse(schema));

    private static void AssertValid(SchemaCompletion[] completions)
    {
        Assert.All(completions, one => Assert.True(one.Completion.FinishReason is FinishReason.Stop or FinishReason.Length));
        SchemaCompletion[] ended = [.. completions.Where(one => one.HasEnded)];
        Assert.All(ended, one => AssertValid(one.Schema, one.Completion));
        TestContext.Current.TestOutputHelper!.WriteLine($"{ended.Length} of {completions.Length} completions ended normally");
        Assert.True(ended.Length * 2 >= completions.Length, $"only {ended.Length} of {completions.Length} completions ended normally");
    }

    private static void AssertValid(string schema, Completion completion)
    {
        Assert.Equal(FinishReason.Stop, completion.FinishReason);
        using JsonDocument value = JsonDocument.Parse(completion.Text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        Assert.True(new SchemaValidator(JsonElement.Parse(schema)).IsValid(value.RootElement), $"{schema}\n{completion.Text}");
    }

    private sealed class Insisting(int token) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => logits[token] = 1000;
    }
}
