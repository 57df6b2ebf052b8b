using LlamaEngine.Backends;
using LlamaEngine.KvCache;

namespace LlamaEngine.Scheduling;

/// <summary>Something that is done on the loop thread, between two steps.</summary>
internal abstract class LoopCommand
{
    /// <summary>Does it; never throws.</summary>
    public abstract void Execute(BlockPool pool, KvStore store);

    /// <summary>Tells the caller that it will not be done.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>A command with a result.</summary>
internal sealed class LoopCommand<T>(Func<BlockPool, KvStore, T> function) : LoopCommand
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The result.</summary>
    public Task<T> Completion => _completion.Task;

    /// <inheritdoc/>
    public override void Execute(BlockPool pool, KvStore store)
    {
        try
        {
            _completion.TrySetResult(function(pool, store));
        }
#pragma warning disable CA1031 // It is the caller's.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _completion.TrySetException(exception);
        }
    }

    /// <inheritdoc/>
    public override void Fail(Exception exception) => _completion.TrySetException(exception);
}
