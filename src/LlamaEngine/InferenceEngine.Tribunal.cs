using LlamaEngine.Tribunal;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

// Generate → critique → revise.
public sealed partial class InferenceEngine
{
    /// <summary>
    /// Answers a request, has the answer criticized and revised, and gives all stages. They are turns of one chat, so each finds what
    /// came before it in the cache.
    /// </summary>
    /// <param name="request">What the user asks.</param>
    /// <param name="options">Rounds, prompts, other engines for single stages; null: one round with this engine.</param>
    /// <param name="cancellationToken">Ends the tribunal with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TribunalException">A stage behind the first failed; it has the stages before and the cause.</exception>
    /// <exception cref="InvalidOperationException">A model has no chat template.</exception>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)" path="/exception"/>
    public Task<TribunalResult> TribunalAsync(
        string request, TribunalOptions? options = null, CancellationToken cancellationToken = default) =>
        CollectAsync(StreamTribunalAsync(request, options, cancellationToken));

    /// <param name="messages">A chat whose last message is the user's: the request. What stands before it is not reviewed.</param>
    /// <inheritdoc cref="TribunalAsync(string, TribunalOptions?, CancellationToken)"/>
    public Task<TribunalResult> TribunalAsync(
        IEnumerable<ChatMessage> messages, TribunalOptions? options = null, CancellationToken cancellationToken = default) =>
        CollectAsync(StreamTribunalAsync(messages, options, cancellationToken));

    /// <summary>
    /// Streams a tribunal as it happens: the start of each stage, its text, its end with usage, and at last the whole result. Stages that were
    /// told of before an error or a cancellation stay valid. It begins with the enumeration; abandoning that ends it.
    /// </summary>
    /// <inheritdoc cref="TribunalAsync(string, TribunalOptions?, CancellationToken)"/>
    public IAsyncEnumerable<TribunalUpdate> StreamTribunalAsync(
        string request, TribunalOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return StreamTribunalAsync([new ChatMessage(ChatRole.User, request)], options, cancellationToken);
    }

    /// <inheritdoc cref="TribunalAsync(IEnumerable{ChatMessage}, TribunalOptions?, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="StreamTribunalAsync(string, TribunalOptions?, CancellationToken)"/>
    public IAsyncEnumerable<TribunalUpdate> StreamTribunalAsync(
        IEnumerable<ChatMessage> messages, TribunalOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return new TribunalRun(this, messages, options ?? new TribunalOptions()).ReadAllAsync(cancellationToken);
    }

    private static async Task<TribunalResult> CollectAsync(IAsyncEnumerable<TribunalUpdate> updates)
    {
        TribunalResult? result = null;
        await foreach (TribunalUpdate update in updates.ConfigureAwait(false))
            result = update.Result ?? result;
        return result!;
    }
}
