namespace LlamaEngine;

/// <summary>The engine met an internal error and takes no more requests; dispose it and create another.</summary>
public sealed class EngineFaultedException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The error that stopped the engine.</param>
    public EngineFaultedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
