namespace LlamaEngine;

/// <summary>Base of every exception that LlamaEngine itself defines.</summary>
public abstract class LlamaEngineException : Exception
{
    private protected LlamaEngineException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
