using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using LlamaEngine.Scheduling;
using LlamaEngine.Tokenization;

namespace LlamaEngine;

/// <summary>Reads what the loop writes into a request, on its caller's side: one update a token.</summary>
/// <param name="request">The request.</param>
/// <param name="tokenizer">Turns the tokens into text; null: there is no text.</param>
/// <param name="choice">Its number among the choices.</param>
/// <param name="cancellation">The caller's token, which a cancellation names.</param>
internal sealed class CompletionReader(GenerationRequest request, Tokenizer? tokenizer, int choice, CancellationToken cancellation)
{
    private readonly CompletionText? _text = CompletionText.Create(tokenizer, request.Parameters);
    private int _read;

    /// <summary>The last update was read.</summary>
    public bool IsDone { get; private set; }

    /// <summary>
    /// Reads the next update, if there is one by now; throws what the request ended with, behind its last update. Once the caller's token
    /// is cancelled there are no more updates, also where the request was faster than the caller and has generated them all.
    /// </summary>
    public bool TryRead([NotNullWhen(true)] out CompletionUpdate? update)
    {
        update = null;
        if (IsDone)
            return false;
        cancellation.ThrowIfCancellationRequested();
        (int generated, bool ended) = request.Progress;
        if (ended && _read == generated && request.Error is { } error)
            Throw(error);
        bool last = ended && request.Error is null && _read >= generated - 1;
        if (_read < generated)
            update = Token(_read++, last);
        else if (last)
            update = Last(new CompletionUpdate { Text = _text?.Flush() ?? "", ChoiceIndex = choice });
        return update is not null;
    }

    private void Throw(Exception error)
    {
        if (error is OperationCanceledException)
            cancellation.ThrowIfCancellationRequested();
        ExceptionDispatchInfo.Throw(error);
    }

    private CompletionUpdate Token(int index, bool last)
    {
        int token = request.TokenAt(index);
        string text = _text?.Append(token) ?? "";
        var update = new CompletionUpdate
        {
            Text = last ? text + _text?.Flush() : text,
            ChoiceIndex = choice,
            TokenId = token,
            LogProbability = request.LogProbabilityAt(index),
            TopLogProbabilities = request.AlternativesAt(index),
        };
        return last ? Last(update) : update;
    }

    private CompletionUpdate Last(CompletionUpdate update)
    {
        IsDone = true;
        return update with { FinishReason = request.Finish, Usage = request.Usage, Timings = request.Timings };
    }
}
