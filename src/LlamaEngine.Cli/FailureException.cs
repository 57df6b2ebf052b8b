namespace LlamaEngine.Cli;

/// <summary>A command cannot do its work; the message says why and what to do: exit code 1.</summary>
internal sealed class FailureException(string message) : Exception(message);
