namespace LlamaEngine;

/// <summary>A request needs more positions than the context holds.</summary>
public sealed class ContextLengthExceededException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="requestedTokens">Positions that the request needs, in tokens.</param>
    /// <param name="availableTokens">Positions that there are, in tokens.</param>
    public ContextLengthExceededException(int requestedTokens, int availableTokens)
        : base($"The request needs {requestedTokens} tokens of context, but there are {availableTokens}.")
    {
        RequestedTokens = requestedTokens;
        AvailableTokens = availableTokens;
    }

    /// <summary>Positions that the request needs, in tokens.</summary>
    public int RequestedTokens { get; }

    /// <summary>Positions that there are, in tokens.</summary>
    public int AvailableTokens { get; }
}
