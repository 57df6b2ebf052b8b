using System.Collections.Immutable;
using LlamaEngine.Sampling;

namespace LlamaEngine.AspNetCore.Tests;

/// <summary>Holds an engine's loop in a step until it is opened, so that a test says what happens while nothing is computed.</summary>
internal sealed class Gate : ILogitProcessor, IDisposable
{
    private readonly ManualResetEventSlim _open = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<Completion>? _request;

    /// <summary>Asks the engine for something that meets the gate, and waits until it stands there.</summary>
    public static async Task<Gate> CloseAsync(InferenceEngine engine)
    {
        var gate = new Gate();
        gate._request = engine.CompleteAsync("gate", new GenerationOptions { MaxTokens = 1, LogitProcessors = [gate], Priority = int.MaxValue });
        await gate._reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        return gate;
    }

    public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
    {
        _reached.TrySetResult();
        _open.Wait();
    }

    /// <summary>Lets the engine go on, and waits until it has.</summary>
    public async Task OpenAsync()
    {
        _open.Set();
        await _request!;
    }

    public void Dispose() => _open.Set();
}
