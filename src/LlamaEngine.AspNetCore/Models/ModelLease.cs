namespace LlamaEngine.AspNetCore.Models;

/// <summary>A model for the time of one request.</summary>
/// <param name="name">What requests call it.</param>
/// <param name="engine">The engine; it belongs to the catalog.</param>
/// <param name="lease">What gives it back; null: nothing does.</param>
internal sealed class ModelLease(string name, InferenceEngine engine, IAsyncDisposable? lease = null) : IAsyncDisposable
{
    /// <summary>What requests call it.</summary>
    public string Name { get; } = name;

    /// <summary>The engine; not to be used after the lease.</summary>
    public InferenceEngine Engine { get; } = engine;

    /// <summary>Gives the model back, once.</summary>
    public ValueTask DisposeAsync() => lease?.DisposeAsync() ?? ValueTask.CompletedTask;
}
