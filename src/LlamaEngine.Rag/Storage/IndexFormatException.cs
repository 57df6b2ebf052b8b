namespace LlamaEngine.Rag;

/// <summary>A file cannot be used as an index; the message names it, says what it is and what can be done.</summary>
public sealed class IndexFormatException(string message, Exception? innerException = null) : Exception(message, innerException);
