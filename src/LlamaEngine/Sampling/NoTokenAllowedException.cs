namespace LlamaEngine.Sampling;

/// <summary>A request forbids every token that could come next. To callers it is an <see cref="InvalidOperationException"/>; servers tell it from their own errors.</summary>
internal sealed class NoTokenAllowedException(string message) : InvalidOperationException(message);
