using System.Diagnostics;
using LlamaEngine.Benchmarks.Stub;

namespace LlamaEngine.Benchmarks;

/// <summary>
/// The engine's own work for 128 sequences, without a model: tokens a second from the loop to 128 consumers, and what the loop thread
/// allocates for a step. Run it on one core: <c>taskset -c 0</c>.
/// </summary>
internal static class SchedulerBenchmark
{
    // The context bounds the tokens of a step: a full batch.
    private const int Sequences = 128, PromptTokens = 16, Rounds = 5, MinContext = 512;

    public static async Task RunAsync()
    {
        await RunAsync("long streams (steady state)", generated: 2000, requestsEach: 1);
        await RunAsync("short requests (arrivals, admission, ends)", generated: 64, requestsEach: 32);
    }

    private static async Task RunAsync(string name, int generated, int requestsEach)
    {
        int length = Math.Max(PromptTokens + generated, MinContext);
        await using InferenceEngine engine = StubBackend.CreateEngine(
            new EngineOptions { ContextLength = length, KvCacheTokens = Sequences * (length + 16), MaxSequences = Sequences });
        double best = 0, bytes = double.MaxValue;
        for (int round = 0; round <= Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            AllocationProbe[] probes = await Task.WhenAll(
                Enumerable.Range(0, Sequences).Select(user => Task.Run(() => ConsumeAsync(engine, user, round, generated, requestsEach))));
            double rate = (double)Sequences * generated * requestsEach / Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (round == 0)
                continue; // compiles
            best = Math.Max(best, rate);
            // The middle half: all have been admitted, none has ended. A collection is charged to whoever it meets: the best round counts.
            bytes = Math.Min(bytes, probes[0].Between(generated / 4, generated * 3 / 4) / (generated / 2.0));
        }
        // Where requests come and go, their admission allocates, once each: only a steady state has a figure a step.
        string allocated = requestsEach == 1 ? $", {bytes:F1} bytes a step on the loop thread" : "";
        Console.WriteLine($"{name}: {best,9:N0} tokens/s, {Sequences} sequences{allocated}");
    }

    private static async Task<AllocationProbe> ConsumeAsync(InferenceEngine engine, int user, int round, int generated, int requests)
    {
        AllocationProbe probe = new(generated);
        for (int request = 0; request < requests; request++)
        {
            Random random = new(HashCode.Combine(user, round, request));
            int[] prompt = [.. Enumerable.Range(0, PromptTokens).Select(_ => random.Next(StubModel.Vocabulary))];
            GenerationOptions options = new()
            {
                MaxTokens = generated,
                Temperature = user % 2 == 0 ? 0 : 0.8f,
                Seed = 1,
                LogitProcessors = user == 0 && request == 0 ? [probe] : [],
            };
            await foreach (CompletionUpdate _ in engine.GenerateAsync(prompt, options))
            {
            }
        }
        return probe;
    }
}
