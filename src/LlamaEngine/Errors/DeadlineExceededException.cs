namespace LlamaEngine;

/// <summary>A request was not done within its <see cref="GenerationOptions.Timeout"/>; its memory is free again.</summary>
public sealed class DeadlineExceededException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="timeout">The time it had, from the call on.</param>
    /// <param name="started">Its prefill had begun.</param>
    /// <param name="generatedTokens">Tokens it had generated.</param>
    public DeadlineExceededException(TimeSpan timeout, bool started, int generatedTokens)
        : base($"The request was not done within {timeout.TotalSeconds:0.###} s: "
            + (started ? $"{generatedTokens} tokens were generated." : "it was still waiting."))
    {
        Timeout = timeout;
        Started = started;
        GeneratedTokens = generatedTokens;
    }

    /// <summary>The time it had, from the call on.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Its prefill had begun.</summary>
    public bool Started { get; }

    /// <summary>Tokens it had generated.</summary>
    public int GeneratedTokens { get; }
}
