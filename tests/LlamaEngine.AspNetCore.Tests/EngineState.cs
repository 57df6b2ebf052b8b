namespace LlamaEngine.AspNetCore.Tests;

/// <summary>Waits for states of an engine, however long they take.</summary>
public static class EngineState
{
    /// <summary>Waits until nothing runs, waits or holds a block; the test's own limit ends it otherwise.</summary>
    public static Task WaitUntilIdleAsync(this InferenceEngine engine) => engine.WaitUntilAsync(
        statistics => statistics is { RunningSequences: 0, WaitingSequences: 0, KvBlocksInUse: 0 });

    /// <summary>Waits for a state.</summary>
    public static async Task WaitUntilAsync(this InferenceEngine engine, Func<EngineStatistics, bool> isReached)
    {
        while (!isReached(engine.Statistics))
            await Task.Delay(1, TestContext.Current.CancellationToken);
    }
}
