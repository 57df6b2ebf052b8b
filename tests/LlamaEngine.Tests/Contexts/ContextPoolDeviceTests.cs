using LlamaEngine.Contexts;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Contexts;

/// <summary>A pool's engines on the device under test: what is planned is what an engine takes there.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class ContextPoolDeviceTests
{
    private static readonly int[] s_prompt = [1, 2, 3];

    private static readonly GenerationOptions s_short = new() { MaxTokens = 6, Temperature = 0, IgnoreEndTokens = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Engines_take_turns_in_a_budget_for_one_and_answer_as_alone()
    {
        EngineOptions[] options = [.. ((string[])[Lexicon.StandIn, SharedData.Own("models", "rope-llama3", "model.gguf")])
            .Select(path => TestDevice.On(new EngineOptions { ModelPath = path, ContextLength = 64, MaxSequences = 2, MaxBatchTokens = 64 }))];
        PoolPlan[] plans = [.. options.Select(each => PoolPlanner.Plan(each))];
        Assert.All(plans, plan => Assert.Equal(TestDevice.IsCuda ? "cuda:0" : "cpu", plan.Device));
        await using var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = plans.Max(plan => plan.Bytes) });
        for (int i = 0; i < options.Length; i++)
            pool.Add($"{i}", options[i]);
        for (int round = 0; round < 4; round++)
        {
            await using ContextLease lease = await pool.RentAsync($"{round % 2}", Token);
            await using InferenceEngine alone = InferenceEngine.Create(options[round % 2]);
            Assert.Equal((await alone.CompleteAsync(s_prompt, s_short, Token)).Tokens, (await lease.Engine.CompleteAsync(s_prompt, s_short, Token)).Tokens);
            Assert.Equal(plans[round % 2].Bytes, pool.Statistics.LoadedBytes);
        }
        Assert.Equal((4, 3), (pool.Statistics.Loads, pool.Statistics.Evictions));
    }

    [Fact]
    public async Task Without_a_limit_the_budget_is_what_is_free_on_the_device()
    {
        EngineOptions options = TestDevice.On(new EngineOptions { ModelPath = Lexicon.StandIn });
        await using var pool = new ContextPool();
        pool.Add("one", options);
        await using ContextLease lease = await pool.RentAsync("one", Token);
        Assert.NotEmpty((await lease.Engine.CompleteAsync(s_prompt, s_short, Token)).Tokens);
        if (TestDevice.IsSoftware)
            Assert.InRange(PoolPlanner.Plan(options, asksWhatIsFree: true).AvailableBytes, 1, 4L << 30);
    }
}
