using System.Collections.Immutable;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>The right to the next turn of a conversation. Disposed without <see cref="Complete"/>, it leaves no trace.</summary>
internal sealed class ConversationTurn(ConversationStore store, string id, Conversation conversation) : IDisposable
{
    private ImmutableArray<ChatMessage> _added = [];

    /// <summary>What was said before.</summary>
    public ImmutableArray<ChatMessage> Messages { get; } = conversation.Messages;

    /// <summary>What is to keep the turn's blocks; null: nothing.</summary>
    public RetainedPrefix? Retained { get; } = conversation.Retained;

    /// <summary>Has the conversation go on behind these messages, once this is disposed.</summary>
    public void Complete(ImmutableArray<ChatMessage> added) => _added = added;

    /// <inheritdoc/>
    public void Dispose() => store.EndTurn(id, conversation, _added);
}
