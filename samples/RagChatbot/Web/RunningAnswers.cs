using System.Collections.Concurrent;

namespace RagChatbot.Web;

/// <summary>The answers that are being made: at most one for each conversation. Thread-safe.</summary>
internal sealed class RunningAnswers
{
    private readonly ConcurrentDictionary<string, RunningAnswer> _running = new(StringComparer.Ordinal);

    /// <summary>Whether a conversation has one.</summary>
    public bool Has(string conversation) => _running.ContainsKey(conversation);

    /// <summary>Begins one; null: the conversation has one.</summary>
    /// <param name="client">Cancelled when whoever asked goes away.</param>
    /// <param name="server">Cancelled when the server stops.</param>
    public RunningAnswer? TryBegin(string conversation, CancellationToken client, CancellationToken server)
    {
        RunningAnswer answer = new(ended => _running.TryRemove(KeyValuePair.Create(conversation, ended)), client, server);
        if (_running.TryAdd(conversation, answer))
            return answer;
        answer.Dispose();
        return null;
    }

    /// <summary>Stops a conversation's answer, if it has one; returns when as much as there is stands in the log.</summary>
    public Task StopAsync(string conversation) => _running.TryGetValue(conversation, out RunningAnswer? answer) ? answer.StopAsync() : Task.CompletedTask;
}

/// <summary>An answer that is being made, until it is disposed.</summary>
internal sealed class RunningAnswer : IDisposable
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop;
    private readonly Action<RunningAnswer> _remove;

    internal RunningAnswer(Action<RunningAnswer> remove, CancellationToken client, CancellationToken server)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(client, server);
        _remove = remove;
        Token = _stop.Token;
    }

    /// <summary>Cancelled when the answer is to stop, for whatever reason.</summary>
    public CancellationToken Token { get; }

    /// <summary>Stops it and waits for its end.</summary>
    public async Task StopAsync()
    {
        try
        {
            await _stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has just come to its end by itself.
        }
        await _end.Task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _remove(this);
        _end.TrySetResult();
        _stop.Dispose();
    }
}
