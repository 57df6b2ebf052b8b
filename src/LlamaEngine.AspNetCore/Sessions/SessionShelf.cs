using System.Collections.Concurrent;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Clients;

namespace LlamaEngine.AspNetCore.Sessions;

/// <summary>
/// The conversations of a server, by model and id. They outlive their engines: when a model was unloaded, the messages stay, and the next
/// turn computes them again.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SessionShelf(ConversationOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<string, ConversationStore> _stores = new(StringComparer.Ordinal);

    /// <summary>Begins the next turn of a session, the first one of an unknown one.</summary>
    /// <param name="lease">The model; held until the turn is over.</param>
    /// <inheritdoc cref="ConversationStore.BeginTurn" path="/exception"/>
    public ConversationTurn BeginTurn(ModelLease lease, string id)
    {
        ConversationStore store = _stores.GetOrAdd(lease.Name, (_, engine) => new ConversationStore(engine, options), lease.Engine);
        store.MoveTo(lease.Engine);
        return store.BeginTurn(id);
    }

    /// <summary>Forgets a session of a model.</summary>
    /// <returns>False: there is none of this id.</returns>
    public bool End(string model, string id) => _stores.TryGetValue(model, out ConversationStore? store) && store.End(id);

    /// <summary>Forgets all of them.</summary>
    public void Dispose()
    {
        foreach (ConversationStore store in _stores.Values)
            store.Dispose();
    }
}
