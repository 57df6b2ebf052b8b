using LlamaEngine.AspNetCore.Models;

namespace LlamaEngine.Cli.Commands;

/// <summary>A model that a command has loaded and owns, for the operations of the API.</summary>
/// <param name="name">What requests call it.</param>
internal sealed class LoadedModel(string name, InferenceEngine engine) : IServedModel
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool IsReady => true;

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<ModelLease> RentAsync(TimeSpan? keepAlive, CancellationToken cancellation) => Task.FromResult(new ModelLease(name, engine));
}
