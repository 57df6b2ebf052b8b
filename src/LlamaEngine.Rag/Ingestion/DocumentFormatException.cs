namespace LlamaEngine.Rag;

/// <summary>A document cannot be read; the message names the file and says what is wrong and what is supported.</summary>
public sealed class DocumentFormatException(string message, Exception? innerException = null) : Exception(message, innerException);
