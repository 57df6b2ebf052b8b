namespace LlamaEngine.Rag;

/// <summary>The log of conversations cannot be opened, read or written; the message names its file and says why.</summary>
public class ConversationLogException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The log has no conversation of that id: it was deleted, or there never was one.</summary>
public sealed class ConversationNotFoundException(string id) : ConversationLogException($"There is no conversation '{id}'.")
{
    /// <summary>The id that was asked for.</summary>
    public string Id { get; } = id;
}
