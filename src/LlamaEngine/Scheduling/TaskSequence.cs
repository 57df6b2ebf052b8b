namespace LlamaEngine.Scheduling;

/// <summary>A sequence of given tokens that generates nothing and ends as a task.</summary>
internal abstract class TaskSequence(int[] tokens, CancellationToken cancellation) : Sequence(cancellation)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all is computed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Tokens used.</summary>
    public TokenUsage Usage => new(tokens.Length, 0, Math.Max(0, CachedTokens));

    /// <summary>Where the time went; exact once it has ended.</summary>
    public CompletionTimings Timings => TimingsOf(0, 0);

    /// <inheritdoc/>
    public sealed override ReadOnlySpan<int> Tokens => tokens;

    /// <inheritdoc/>
    public sealed override int MaxLength => tokens.Length;

    /// <inheritdoc/>
    protected sealed override void OnEnded(Exception? exception)
    {
        if (exception is null)
            _completion.TrySetResult();
        else if (exception is OperationCanceledException canceled)
            _completion.TrySetCanceled(canceled.CancellationToken);
        else
            _completion.TrySetException(exception);
    }
}
