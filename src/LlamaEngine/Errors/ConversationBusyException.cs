namespace LlamaEngine;

/// <summary>A conversation was asked for a turn while it is still answering another.</summary>
public sealed class ConversationBusyException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="conversationId">The conversation.</param>
    public ConversationBusyException(string conversationId)
        : base($"The conversation '{conversationId}' is still answering; one turn at a time.")
    {
        ConversationId = conversationId;
    }

    /// <summary>The conversation.</summary>
    public string ConversationId { get; }
}
