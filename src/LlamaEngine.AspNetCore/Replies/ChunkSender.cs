using System.Runtime.ExceptionServices;
using LlamaEngine.AspNetCore.Operations;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>
/// Sends completions as events: each piece by itself, as soon as it is there. While the client does not read, the sender reads on, so that it
/// sees the end of the generation and gives the model back; what waits for the client then is text, bounded by the tokens of the request.
/// </summary>
/// <param name="lease">The model; given back when all is generated.</param>
/// <param name="includesUsage">A last piece says what all took.</param>
internal sealed class ChunkSender(IEventWriter events, IChunks chunks, IAsyncDisposable lease, bool includesUsage)
{
    private readonly Queue<CompletionUpdate> _waiting = [];
    private Task<bool>? _next;
    private bool _ended;
    private Exception? _error;

    /// <summary>Generates and sends; ends when all is sent.</summary>
    /// <param name="generate">Begins the generation.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task SendAsync(Func<CancellationToken, IAsyncEnumerable<CompletionUpdate>> generate, CancellationToken cancellation)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        IAsyncEnumerator<CompletionUpdate> updates = generate(abandon.Token).GetAsyncEnumerator(abandon.Token);
        try
        {
            while (await NextAsync(updates).ConfigureAwait(false) is { } update)
                await SendAsync(update, updates, cancellation).ConfigureAwait(false);
            if (_error is not null)
                ExceptionDispatchInfo.Throw(_error);
            if (includesUsage)
            {
                chunks.WriteUsage(events.Begin());
                await events.SendAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            // An enumerator must not be disposed while it is asked for more.
            await abandon.CancelAsync().ConfigureAwait(false);
            if (_next is not null)
                await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await updates.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What was generated next; null: nothing more.</summary>
    private async ValueTask<CompletionUpdate?> NextAsync(IAsyncEnumerator<CompletionUpdate> updates)
    {
        if (_waiting.TryDequeue(out CompletionUpdate? waiting))
            return waiting;
        if (_ended)
            return null;
        ValueTask<bool> next = _next is null ? updates.MoveNextAsync() : new ValueTask<bool>(_next);
        _next = null;
        return await TakeAsync(next).ConfigureAwait(false) ? updates.Current : null;
    }

    private async ValueTask SendAsync(CompletionUpdate update, IAsyncEnumerator<CompletionUpdate> updates, CancellationToken cancellation)
    {
        for (int remaining = chunks.CountFor(update); remaining > 0; remaining--)
        {
            chunks.Write(events.Begin(), update, remaining);
            ValueTask sending = events.SendAsync(cancellation);
            if (sending.IsCompletedSuccessfully)
                sending.GetAwaiter().GetResult();
            else
                await ReadOnAsync(sending.AsTask(), updates).ConfigureAwait(false);
        }
        if (update.TokenId is not null)
            events.Note(1);
        if (update.Usage is { } usage && chunks.Usage.Add(update.ChoiceIndex, usage))
            events.Note(usage.PromptTokens);
    }

    /// <summary>Waits until the client's connection takes more, and meanwhile for what is generated.</summary>
    private async Task ReadOnAsync(Task sending, IAsyncEnumerator<CompletionUpdate> updates)
    {
        while (!sending.IsCompleted && !_ended)
        {
            _next ??= updates.MoveNextAsync().AsTask();
            if (await Task.WhenAny(sending, _next).ConfigureAwait(false) == sending)
                break;
            Task<bool> next = _next;
            _next = null;
            if (await TakeAsync(new ValueTask<bool>(next)).ConfigureAwait(false))
                _waiting.Enqueue(updates.Current);
        }
        await sending.ConfigureAwait(false);
    }

    /// <summary>Notes the end, well or not: what was generated before is sent first.</summary>
    /// <returns>There is an update.</returns>
    private async ValueTask<bool> TakeAsync(ValueTask<bool> next)
    {
        try
        {
            if (await next.ConfigureAwait(false))
                return true;
        }
#pragma warning disable CA1031 // It is thrown when all before it is sent.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _error = exception;
        }
        _ended = true;
        await lease.DisposeAsync().ConfigureAwait(false);
        return false;
    }
}
