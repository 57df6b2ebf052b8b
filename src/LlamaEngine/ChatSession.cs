using System.Runtime.CompilerServices;
using System.Text;
using LlamaEngine.Contexts;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

/// <summary>A conversation with a model: keeps its messages, and the engine's blocks of keys and values for them between turns.</summary>
/// <remarks>
/// Not thread-safe: one call at a time. Dispose it when the conversation is over, so that its blocks can be given to others; where
/// memory is needed before, they are given up and computed again at the next turn.
/// </remarks>
public sealed class ChatSession : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly List<ChatMessage> _messages = [];
    private readonly string? _systemPrompt;
    private readonly RetainedPrefix _retained = new();
    private bool _disposed;

    internal ChatSession(InferenceEngine engine, string? systemPrompt)
    {
        _engine = engine;
        _systemPrompt = systemPrompt;
        Reset();
    }

    /// <summary>A conversation that goes on; its first message is the system prompt, if it has the role of one.</summary>
    internal ChatSession(InferenceEngine engine, IEnumerable<ChatMessage> messages, RetainedPrefix retained)
    {
        _engine = engine;
        _messages.AddRange(messages);
        _systemPrompt = _messages.FirstOrDefault() is { } first && first.Role == ChatRole.System ? first.Text : null;
        _retained = retained;
    }

    /// <summary>The messages so far, the system prompt included.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>
    /// Sends a user message and streams the reply. Both join the conversation once the reply is complete; a reply that is
    /// cancelled or abandoned leaves the conversation as it was.
    /// </summary>
    /// <inheritdoc cref="InferenceEngine.GenerateAsync(Prompt, GenerationOptions?, CancellationToken)"/>
    public async IAsyncEnumerable<CompletionUpdate> SendAsync(
        string message, GenerationOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (options?.Choices > 1)
            throw new ArgumentException("A conversation goes on with one reply, so a turn has one choice.", nameof(options));
        var question = new ChatMessage(ChatRole.User, message);
        var reply = new StringBuilder();
        Prompt prompt = Prompt.FromMessages([.. _messages, question]);
        await foreach (CompletionUpdate update in _engine.GenerateAsync(prompt, options, _retained, cancellationToken).ConfigureAwait(false))
        {
            reply.Append(update.Text);
            if (update.FinishReason != FinishReason.None)
                _messages.AddRange([question, new ChatMessage(ChatRole.Assistant, reply.ToString())]);
            yield return update;
        }
    }

    /// <summary>Forgets everything but the system prompt.</summary>
    public void Reset()
    {
        _messages.Clear();
        if (_systemPrompt is not null)
            _messages.Add(new ChatMessage(ChatRole.System, _systemPrompt));
    }

    /// <summary>
    /// Saves the messages with their keys and values as a snapshot, which <see cref="InferenceEngine.RestoreChatAsync"/> of
    /// another process goes on with. What the cache does not hold is computed first.
    /// </summary>
    /// <exception cref="InvalidOperationException">There are no messages yet.</exception>
    /// <inheritdoc cref="RetainedContext.SaveAsync"/>
    public Task SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_messages.Count == 0)
            throw new InvalidOperationException("The conversation has no messages yet.");
        return _engine.SaveAsync(path, [.. _messages], _retained, cancellationToken);
    }

    /// <summary>Lets the conversation's blocks go.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _engine.Release(_retained);
    }
}
