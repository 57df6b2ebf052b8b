namespace LlamaEngine.Scheduling;

/// <summary>A sequence of given tokens that generates nothing and ends as a task.</summary>
internal abstract class TaskSequence(int[] tokens, CancellationToken cancellation) : Sequence(cancellation)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all is computed.</summary>
    public Task Completion => _completion.Task;

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
