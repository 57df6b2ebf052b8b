using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace RagChatbot.Engines;

/// <summary>Several servers as one: asks the least busy, and the next where one fails before its first token. Thread-safe.</summary>
/// <remarks>
/// Busy is who has most requests of this client; equals take turns. A server that failed rests, a second at first and up to a minute, and is then tried
/// with one request. Where all rest they are asked all the same. Each request goes to each server at most once. After the first token an error goes to
/// the caller, as does what no other server would answer otherwise: a refusal of the request itself.
/// </remarks>
/// <param name="addresses">The servers there are now; asked for each request.</param>
/// <param name="connect">Makes the client of a server; it is kept as long as the server is among them.</param>
/// <param name="time">The clock of the rests.</param>
/// <param name="log">Told, in a line, of servers that failed.</param>
internal sealed class BalancedChatClient(Func<IReadOnlyList<Uri>> addresses, Func<Uri, IChatClient> connect, TimeProvider time, Action<string> log) : IChatClient
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Uri, EndpointState> _endpoints = [];
    private long _choices;

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="EndpointException">A server refused the request or broke off, or none is left.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatMessage[] sent = [.. messages];
        List<EndpointState> tried = [];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            EndpointState endpoint = Choose(tried);
            tried.Add(endpoint);
            try
            {
                IAsyncEnumerator<ChatResponseUpdate> updates = endpoint.Client.GetStreamingResponseAsync(sent, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
                await using (updates)
                {
                    if (await BeginAsync(endpoint, updates) is not { } first)
                        continue;
                    foreach (ChatResponseUpdate update in first)
                        yield return update;
                    while (await MoveAsync(endpoint, updates))
                        yield return updates.Current;
                    yield break;
                }
            }
            finally
            {
                lock (_lock)
                    endpoint.Outstanding--;
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        return serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("openai") : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Everything up to the first token, or to the end where there is none; null: the server failed, and another may do better.</summary>
    private async Task<List<ChatResponseUpdate>?> BeginAsync(EndpointState endpoint, IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        List<ChatResponseUpdate> first = [];
        try
        {
            while (await updates.MoveNextAsync())
            {
                first.Add(updates.Current);
                if (updates.Current.Text.Length > 0 || updates.Current.FinishReason is not null)
                    break;
            }
            if (first.Count == 0)
                throw new EndpointException($"{endpoint.Address} gave an empty reply.", isTemporary: true);
            lock (_lock)
                endpoint.Succeed();
            return first;
        }
        catch (EndpointException exception) when (exception.IsTemporary)
        {
            Fail(endpoint, exception);
            return null;
        }
        catch (EndpointException)
        {
            lock (_lock) endpoint.Succeed(); // it is there: the request is to blame
            throw;
        }
    }

    private async Task<bool> MoveAsync(EndpointState endpoint, IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (EndpointException exception) when (exception.IsTemporary)
        {
            Fail(endpoint, exception);
            throw;
        }
    }

    private void Fail(EndpointState endpoint, EndpointException exception)
    {
        log(exception.Message);
        lock (_lock)
            endpoint.Fail(exception.Message, time.GetUtcNow());
    }

    /// <summary>The server to ask next; it has one request more.</summary>
    private EndpointState Choose(List<EndpointState> tried)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            EndpointState[] all = Known();
            EndpointState[] left = [.. all.Except(tried)];
            EndpointState chosen = left.Where(endpoint => endpoint.IsReady(now)).OrderBy(endpoint => endpoint.Outstanding).ThenBy(endpoint => endpoint.Chosen).FirstOrDefault()
                ?? left.OrderBy(endpoint => endpoint.RestsUntil).ThenBy(endpoint => endpoint.Outstanding).FirstOrDefault()
                ?? throw NoneLeft(all);
            chosen.Outstanding++;
            chosen.Chosen = ++_choices;
            return chosen;
        }
    }

    /// <summary>The servers there are; what is known of those that left is forgotten.</summary>
    private EndpointState[] Known()
    {
        IReadOnlyList<Uri> now = addresses();
        foreach (Uri gone in _endpoints.Keys.Except(now).ToArray())
            _endpoints.Remove(gone);
        foreach (Uri address in now)
        {
            if (!_endpoints.ContainsKey(address))
                _endpoints.Add(address, new EndpointState(address, connect(address)));
        }
        return [.. now.Distinct().Select(address => _endpoints[address])];
    }

    private static EndpointException NoneLeft(EndpointState[] all) => new(
        $"No server answers. {string.Join(" ", all.Select(endpoint => endpoint.LastFailure ?? $"{endpoint.Address} was not asked."))}", isTemporary: true);
}
