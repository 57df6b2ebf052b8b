using LlamaEngine.Clients;

namespace LlamaEngine;

/// <summary>A chat client keeps as many conversations as it may; end one first.</summary>
public sealed class ConversationLimitException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="conversationId">The conversation that was to begin.</param>
    /// <param name="limit">Most that are kept.</param>
    public ConversationLimitException(string conversationId, int limit)
        : base($"The conversation '{conversationId}' cannot begin: {limit} are kept already "
            + $"({nameof(ConversationOptions)}.{nameof(ConversationOptions.MaxConversations)}). "
            + $"{nameof(LlamaChatClient)}.{nameof(LlamaChatClient.EndConversation)} ends one.")
    {
        ConversationId = conversationId;
        Limit = limit;
    }

    /// <summary>The conversation that was to begin.</summary>
    public string ConversationId { get; }

    /// <summary>Most that are kept.</summary>
    public int Limit { get; }
}
