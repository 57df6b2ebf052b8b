namespace LlamaEngine;

/// <summary>A chat template refused its input (raise_exception), failed while rendering, or exceeded its bounds.</summary>
public sealed class ChatTemplateException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The template's own message, or what went wrong.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public ChatTemplateException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
