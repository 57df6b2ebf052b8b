using System.Collections.Immutable;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>
/// The conversations of a chat client, by id. Messages are kept until a conversation is ended; keys and values only of those used
/// last. Thread-safe.
/// </summary>
internal sealed class ConversationStore(InferenceEngine engine, ConversationOptions options) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Conversation> _conversations = new(StringComparer.Ordinal);
    private readonly LinkedList<Conversation> _retained = []; // the least recently used first
    private InferenceEngine _engine = engine;
    private bool _disposed;

    /// <summary>
    /// Has the conversations go on with another engine of the same model, after the one before was unloaded, and all that it kept with
    /// it. Called while no turn runs.
    /// </summary>
    public void MoveTo(InferenceEngine engine)
    {
        lock (_lock)
        {
            if (engine == _engine)
                return;
            _engine = engine;
            _retained.Clear();
            foreach (Conversation conversation in _conversations.Values)
                conversation.Retained = null;
        }
    }

    /// <summary>Begins the next turn of a conversation, the first one of an unknown one.</summary>
    /// <exception cref="ConversationBusyException">A turn of it is running.</exception>
    /// <exception cref="ConversationLimitException">It is new, and there are too many.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public ConversationTurn BeginTurn(string id)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(LlamaChatClient));
            if (!_conversations.TryGetValue(id, out Conversation? conversation))
                conversation = Add(id);
            if (conversation.IsBusy)
                throw new ConversationBusyException(id);
            conversation.IsBusy = true;
            if (options.MaxRetained > 0)
                conversation.Retained ??= new RetainedPrefix();
            return new ConversationTurn(this, id, conversation);
        }
    }

    /// <summary>Ends a turn that added these messages; none: it failed, and nothing has changed.</summary>
    public void EndTurn(string id, Conversation conversation, ImmutableArray<ChatMessage> added)
    {
        lock (_lock)
        {
            conversation.IsBusy = false;
            if (conversation.IsOver)
                return;
            conversation.Messages = conversation.Messages.AddRange(added);
            if (conversation.Messages.IsEmpty)
                End(id, conversation); // it has not begun after all
            else
                Touch(conversation);
        }
    }

    /// <summary>Forgets a conversation.</summary>
    /// <returns>False: there is none of this id.</returns>
    public bool End(string id)
    {
        lock (_lock)
        {
            if (!_conversations.TryGetValue(id, out Conversation? conversation))
                return false;
            End(id, conversation);
            return true;
        }
    }

    /// <summary>Forgets all conversations; no other begins.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach ((string id, Conversation conversation) in _conversations.ToArray())
                End(id, conversation);
        }
    }

    private Conversation Add(string id)
    {
        if (_conversations.Count >= options.MaxConversations)
            throw new ConversationLimitException(id, options.MaxConversations);
        var conversation = new Conversation();
        _conversations.Add(id, conversation);
        return conversation;
    }

    private void End(string id, Conversation conversation)
    {
        conversation.IsOver = true;
        _conversations.Remove(id);
        _retained.Remove(conversation);
        LetGo(conversation);
    }

    /// <summary>Makes it the one used last; the least recently used ones beyond the limit let their blocks go.</summary>
    private void Touch(Conversation conversation)
    {
        if (conversation.Retained is null)
            return;
        _retained.Remove(conversation);
        _retained.AddLast(conversation);
        LinkedListNode<Conversation>? node = _retained.First;
        while (node is not null && _retained.Count > options.MaxRetained)
        {
            LinkedListNode<Conversation> candidate = node;
            node = node.Next;
            if (candidate.Value.IsBusy)
                continue; // its turn needs them, and makes it the one used last
            _retained.Remove(candidate);
            LetGo(candidate.Value);
        }
    }

    private void LetGo(Conversation conversation)
    {
        if (conversation.Retained is { } retained)
            _engine.Release(retained);
        conversation.Retained = null;
    }
}
