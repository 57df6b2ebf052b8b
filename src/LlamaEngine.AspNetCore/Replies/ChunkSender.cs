using System.Runtime.ExceptionServices;
using LlamaEngine.AspNetCore.Operations;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>
/// Sends completions as events, as soon as something is there; what is there at one time goes out at one time, joined where it can be. While
/// the client does not read, the sender reads on, so that it sees the end of the generation and gives the model back; what waits for the
/// client then is text, bounded by the tokens of the request.
/// </summary>
/// <typeparam name="T">What is generated, step by step.</typeparam>
/// <param name="lease">The model; given back when all is generated.</param>
/// <param name="includesUsage">A last piece says what all took.</param>
internal sealed class ChunkSender<T>(IEventWriter events, IChunks<T> chunks, IAsyncDisposable lease, bool includesUsage)
    where T : class
{
    /// <summary>Steps that go out together at most, so that a generation that is faster than the sender does not keep it from sending.</summary>
    private const int MostTogether = 256;

    private readonly Queue<T> _waiting = [];
    private readonly List<T> _together = [], _joined = [];
    private ValueTask<bool>? _next;
    private bool _ended;
    private Exception? _error;

    /// <summary>Generates and sends; ends when all is sent.</summary>
    /// <param name="generate">Begins the generation.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task SendAsync(Func<CancellationToken, IAsyncEnumerable<T>> generate, CancellationToken cancellation)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        IAsyncEnumerator<T> updates = generate(abandon.Token).GetAsyncEnumerator(abandon.Token);
        try
        {
            while (await NextAsync(updates).ConfigureAwait(false) is { } first)
            {
                Gather(first, updates);
                Write();
                await SendWrittenAsync(updates, cancellation).ConfigureAwait(false);
            }
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
            if (_next is { } next)
                await ((Task)next.AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await updates.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What was generated next; null: nothing more.</summary>
    private async ValueTask<T?> NextAsync(IAsyncEnumerator<T> updates)
    {
        if (_waiting.TryDequeue(out T? waiting))
            return waiting;
        if (_ended)
            return null;
        return await TakeAsync(TakeNext(updates)).ConfigureAwait(false) ? updates.Current : null;
    }

    /// <summary>What was generated next, if it is there by now.</summary>
    private T? TryNext(IAsyncEnumerator<T> updates)
    {
        if (_waiting.TryDequeue(out T? waiting))
            return waiting;
        if (_ended)
            return null;
        ValueTask<bool> next = TakeNext(updates);
        if (next.IsCompletedSuccessfully)
        {
            if (next.Result)
                return updates.Current;
            next = new ValueTask<bool>(false);
        }
        _next = next;
        return null;
    }

    private ValueTask<bool> TakeNext(IAsyncEnumerator<T> updates)
    {
        ValueTask<bool> next = _next ?? updates.MoveNextAsync();
        _next = null;
        return next;
    }

    /// <summary>Takes what is there by now.</summary>
    private void Gather(T first, IAsyncEnumerator<T> updates)
    {
        _together.Add(first);
        while (_together.Count < MostTogether && TryNext(updates) is { } next)
            _together.Add(next);
    }

    /// <summary>Writes it choice by choice, so that steps of one can be joined.</summary>
    private void Write()
    {
        foreach (T step in _together.OrderBy(step => chunks.UpdateOf(step).ChoiceIndex))
        {
            if (_joined.Count > 0 && !chunks.Joins(_joined[^1], step))
                WriteJoined();
            _joined.Add(step);
        }
        WriteJoined();
        _together.Clear();
    }

    private void WriteJoined()
    {
        T step = _joined.Count == 1 ? _joined[0] : chunks.Join(_joined);
        for (int remaining = chunks.CountFor(step); remaining > 0; remaining--)
            chunks.Write(events.Begin(), step, remaining);
        foreach (T joined in _joined)
            Note(chunks.UpdateOf(joined));
        _joined.Clear();
    }

    private void Note(CompletionUpdate update)
    {
        if (update.TokenId is not null)
            events.Note(1);
        if (update.Usage is { } usage && chunks.Usage.Add(update.ChoiceIndex, usage))
            events.Note(usage.PromptTokens);
    }

    /// <summary>Waits until the client's connection has taken what was written, and meanwhile for what is generated.</summary>
    private async ValueTask SendWrittenAsync(IAsyncEnumerator<T> updates, CancellationToken cancellation)
    {
        ValueTask sent = events.SendAsync(cancellation);
        if (sent.IsCompletedSuccessfully)
        {
            sent.GetAwaiter().GetResult();
            return;
        }
        Task sending = sent.AsTask();
        while (!sending.IsCompleted && !_ended)
        {
            Task<bool> next = TakeNext(updates).AsTask();
            if (await Task.WhenAny(sending, next).ConfigureAwait(false) == sending)
                _next = new ValueTask<bool>(next);
            else if (await TakeAsync(new ValueTask<bool>(next)).ConfigureAwait(false))
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
