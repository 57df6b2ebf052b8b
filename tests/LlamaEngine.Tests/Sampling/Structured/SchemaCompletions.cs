using System.Text.Json;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>What a model wrote for a schema.</summary>
internal sealed record SchemaCompletion(string Schema, Completion Completion)
{
    /// <summary>Whether it ended by itself: only then is it a whole instance.</summary>
    public bool HasEnded => Completion.FinishReason == FinishReason.Stop;
}

/// <summary>Completions of real models for random schemas, computed once for all tests that judge them.</summary>
internal static class SchemaCompletions
{
    private static readonly string[] s_prompts = ["A person:", "{", "Describe a river.", "42", "The list of colours is"];

    private static readonly int s_count = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_SMOLLM2_SCHEMAS"), out int count) ? count : 0;

    private static readonly Lazy<Task<SchemaCompletion[]>> s_demo = new(async () =>
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        return await CompleteAsync(engine, RandomSchemas(TestDevice.IsSoftware ? 8 : 500), 160);
    });

    private static readonly Lazy<Task<SchemaCompletion[]>> s_smolLM2 = new(async () =>
    {
        await using InferenceEngine engine = CreateSmolLM2();
        return await CompleteAsync(engine, RandomSchemas(IsLong ? s_count : 24), 90);
    });

    /// <summary>Whether LLAMAENGINE_SMOLLM2_SCHEMAS asks for more of SmolLM2 than the suite has time for (the acceptance: 500).</summary>
    public static bool IsLong => s_count > 0;

    /// <summary>Those of the demo model, for 500 schemas.</summary>
    public static Task<SchemaCompletion[]> OfDemoModelAsync() => s_demo.Value;

    /// <summary>Those of SmolLM2, for 24 schemas or as many as LLAMAENGINE_SMOLLM2_SCHEMAS says; skips the running test where there is no such model.</summary>
    public static Task<SchemaCompletion[]> OfSmolLM2Async()
    {
        _ = SmolLM2;
        return s_smolLM2.Value;
    }

    /// <summary>An engine of SmolLM2; skips the running test where there is no such model.</summary>
    public static InferenceEngine CreateSmolLM2() =>
        TestEngine.Create(new EngineOptions { ModelPath = SmolLM2, ContextLength = 512, MaxSequences = 32 });

    /// <summary>A completion for each schema, with seeds and prompts of their own.</summary>
    public static async Task<SchemaCompletion[]> CompleteAsync(InferenceEngine engine, string[] schemas, int maxTokens)
    {
        Completion[] completions = await Task.WhenAll(schemas.Select((schema, i) => engine.CompleteAsync(
            s_prompts[i % s_prompts.Length],
            new GenerationOptions { Temperature = 1, Seed = (ulong)i, MaxTokens = maxTokens, ResponseFormat = ResponseFormat.JsonSchema(JsonElement.Parse(schema)) },
            TestContext.Current.CancellationToken)));
        return [.. schemas.Zip(completions, (schema, completion) => new SchemaCompletion(schema, completion))];
    }

    private static string SmolLM2 => SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf");

    private static string[] RandomSchemas(int count) => [.. SchemaSource.Take(count).Select(item => item.Schema.ToJsonString())];
}
