using System.Runtime.CompilerServices;
using LlamaEngine.AspNetCore.Bulk.Storage;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>Runs the requests of batches that have no result yet, many at once, and appends each result to the batch's log.</summary>
/// <param name="runner">Runs one.</param>
/// <param name="slots">A place for each request that runs, of all batches together.</param>
/// <param name="concurrency">How many places there are.</param>
internal sealed class BatchProcessor(ItemRunner runner, SemaphoreSlim slots, int concurrency)
{
    /// <summary>Runs what is not done.</summary>
    /// <param name="name">What names the batch within ids.</param>
    /// <param name="input">The requests.</param>
    /// <param name="log">The results.</param>
    /// <param name="progressed">Called after each result, from many threads.</param>
    /// <remarks>
    /// Cancellation leaves what was running undone. Twice as many requests as run are in memory at most: the others wait for their
    /// result to be on the disk.
    /// </remarks>
    public Task RunAsync(string name, BatchInput input, ResultLog log, Action progressed, CancellationToken cancellation)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = 2 * concurrency, CancellationToken = cancellation };
        return Parallel.ForEachAsync(Undone(input, log, cancellation), options, async (item, token) =>
        {
            await log.AppendAsync(await RunItemAsync(name, input, item.Index, item.Line, token));
            progressed();
        });
    }

    private static async IAsyncEnumerable<(int Index, Line Line)> Undone(
        BatchInput input, ResultLog log, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((int index, Line line) in input.ReadAsync(cancellation))
        {
            if (!log.Contains(index))
                yield return (index, line);
        }
    }

    private async Task<ResultRecord> RunItemAsync(string name, BatchInput input, int index, Line line, CancellationToken cancellation)
    {
        RequestLine request = RequestLine.Parse(line, input.Urls, out BatchError? error)
            ?? throw new InvalidDataException($"The input was checked, but line {error!.Line} is wrong now: {error.Message}");
        await slots.WaitAsync(cancellation);
        try
        {
            ItemReply reply = await runner.RunAsync(request.Url, request.Body, 0, cancellation);
            return new ResultRecord(index, reply.Succeeded, ResultLine.Of(name, index, request.CustomId, reply));
        }
        finally
        {
            slots.Release();
        }
    }
}
