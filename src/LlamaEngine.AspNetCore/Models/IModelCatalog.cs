using System.Collections.Immutable;
using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>A model that the server offers.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Created">When it became known, seconds since 1970.</param>
internal sealed record ModelEntry(string Name, long Created);

/// <summary>The models of a server, by name. Thread-safe.</summary>
internal interface IModelCatalog
{
    /// <summary>What there is, in the order in which it was configured; the first answers requests that name none.</summary>
    ImmutableArray<ModelEntry> Models { get; }

    /// <summary>Every model that is to be there from the start is loaded.</summary>
    bool IsReady { get; }

    /// <summary>Ends when <see cref="IsReady"/> is true; fails if it never will be.</summary>
    Task WhenReadyAsync(CancellationToken cancellation);

    /// <summary>Gets a model for one request; loads it first, if it is not there.</summary>
    /// <param name="name">Its name; null: the first.</param>
    /// <param name="keepAlive">How long it stays loaded after the request, unless another model needs its room; null: as configured.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="ApiException">There is none of that name (404), or it cannot be loaded.</exception>
    Task<ModelLease> RentAsync(string? name, TimeSpan? keepAlive, CancellationToken cancellation);
}
