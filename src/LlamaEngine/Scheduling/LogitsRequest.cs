using LlamaEngine.Backends;

namespace LlamaEngine.Scheduling;

/// <summary>The logits of every position of a text.</summary>
internal sealed class LogitsRequest(int[] tokens, Action<int, Span<float>> row, CancellationToken cancellation) : Sequence(cancellation)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when every row was handed over.</summary>
    public Task Completion => _completion.Task;

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => tokens;

    /// <inheritdoc/>
    public override int MaxLength => tokens.Length;

    /// <inheritdoc/>
    public override WantedLogits Wanted => WantedLogits.All;

    /// <summary>What was cached has no logits any more.</summary>
    public override bool ReusesPrefix => false;

    /// <inheritdoc/>
    public override bool TakeLogits(int position, Span<float> logits)
    {
        row(position, logits);
        return position == tokens.Length - 1;
    }

    /// <inheritdoc/>
    public override void Complete() => _completion.TrySetResult();

    /// <inheritdoc/>
    public override void Fail(Exception exception)
    {
        if (exception is OperationCanceledException canceled)
            _completion.TrySetCanceled(canceled.CancellationToken);
        else
            _completion.TrySetException(exception);
    }
}
