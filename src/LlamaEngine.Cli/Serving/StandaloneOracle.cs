using LlamaEngine.Backends;
using LlamaEngine.KvCache;

namespace LlamaEngine.Cli.Serving;

/// <summary>Runs requests again, alone: on an engine of its own, one after the other, with nothing in the cache.</summary>
/// <param name="engine">The engine; nobody else uses it.</param>
internal sealed class StandaloneOracle(InferenceEngine engine)
{
    /// <summary>
    /// Whether a request alone gives the same tokens and log probabilities, bit by bit; for one that was cancelled: as far as it came.
    /// </summary>
    public async Task<bool> ConfirmsAsync(ServedRequest served, CancellationToken cancellationToken)
    {
        if (served is { Cancelled: true, Tokens: 0 })
            return true;
        await engine.Loop.InvokeAsync(ForgetCache).WaitAsync(cancellationToken);
        var alone = new ServedRequest(served.Plan, arrived: 0);
        await foreach (CompletionUpdate update in engine.GenerateAsync(served.Plan.Prompt, served.Plan.Options, cancellationToken))
        {
            alone.Add(update);
            if (served.Cancelled && alone.Tokens == served.Tokens)
                break;
        }
        return alone.HasSameResultAs(served);
    }

    // A block that is taken anew forgets what stood in it.
    private static bool ForgetCache(BlockPool pool, KvStore store)
    {
        List<int> taken = [];
        while (pool.TryTake(out int block))
            taken.Add(block);
        taken.ForEach(pool.Release);
        return true;
    }
}
