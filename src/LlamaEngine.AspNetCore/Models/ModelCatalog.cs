using System.Collections.Immutable;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.Formats;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>A model as the catalog knows it: something that can be rented.</summary>
internal interface IServedModel
{
    /// <summary>What requests call it.</summary>
    string Name { get; }

    /// <summary>It need not be there from the start, or it is there.</summary>
    bool IsReady { get; }

    /// <summary>Loads it, if it is to be there from the start.</summary>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>Gets it for one request.</summary>
    /// <inheritdoc cref="IModelCatalog.RentAsync" path="/param"/>
    Task<ModelLease> RentAsync(TimeSpan? keepAlive, CancellationToken cancellation);
}

/// <summary>The program's own engines, then the models of a pool.</summary>
internal sealed class ModelCatalog : IModelCatalog
{
    private readonly ImmutableArray<IServedModel> _models;
    private readonly TaskCompletionSource _prepared = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates a catalog; loads nothing.</summary>
    /// <exception cref="InvalidOperationException">Two models have the same name.</exception>
    public ModelCatalog(IEnumerable<IServedModel> models, TimeProvider clock)
    {
        _models = [.. models];
        long now = clock.GetUtcNow().ToUnixTimeSeconds();
        Models = [.. _models.Select(model => new ModelEntry(model.Name, now))];
        if (Models.GroupBy(model => model.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } same)
            throw new InvalidOperationException($"Two models are named '{same.Key}'; give one of them another name, or a key.");
    }

    /// <inheritdoc/>
    public ImmutableArray<ModelEntry> Models { get; }

    /// <inheritdoc/>
    public bool IsReady => _models.All(model => model.IsReady);

    /// <inheritdoc/>
    public Task WhenReadyAsync(CancellationToken cancellation) => _prepared.Task.WaitAsync(cancellation);

    /// <inheritdoc/>
    public async Task<ModelLease> RentAsync(string? name, TimeSpan? keepAlive, CancellationToken cancellation)
    {
        IServedModel model = _models.FirstOrDefault(model => name is null || model.Name == name) ?? throw Unknown(name);
        try
        {
            return await model.RentAsync(keepAlive, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (ApiException or OperationCanceledException))
        {
            throw LoadErrors.Translate(exception, model.Name);
        }
    }

    /// <summary>Loads all that are to be there from the start.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            foreach (IServedModel model in _models)
                await model.PrepareAsync(cancellation).ConfigureAwait(false);
            _prepared.TrySetResult();
        }
        catch (Exception exception)
        {
            _prepared.TrySetException(exception);
            throw;
        }
    }

    private ApiException Unknown(string? name) => name is null
        ? ApiException.NotFound("There is no model.", "model", "model_not_found")
        : ApiException.NotFound(
            $"There is no model named '{Untrusted.Show(name)}'. There are: {string.Join(", ", Models.Select(model => model.Name))}.", "model", "model_not_found");
}
