using LlamaEngine.AspNetCore.Bulk.Storage;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>Why requests of a batch have no result.</summary>
/// <param name="Code">For programs: <c>batch_expired</c>.</param>
/// <param name="Message">For people.</param>
internal sealed record NotRunReason(string Code, string Message);

/// <summary>Puts the results of a log into files, in the order of the input; one result at a time is in memory.</summary>
internal static class ResultWriter
{
    /// <summary>Writes the results that are wanted.</summary>
    /// <param name="name">What names the batch within ids.</param>
    /// <param name="input">The requests.</param>
    /// <param name="log">Their results.</param>
    /// <param name="notRun">What becomes of requests without a result; null: there are none.</param>
    /// <param name="succeeded">Write those that succeeded.</param>
    /// <param name="failed">Write those that failed or were not run.</param>
    /// <returns>How many were written.</returns>
    public static async Task<int> WriteAsync(
        Stream output,
        string name,
        BatchInput input,
        ResultLog log,
        NotRunReason? notRun,
        bool succeeded,
        bool failed,
        CancellationToken cancellation)
    {
        int written = 0;
        await foreach ((int index, Line line) in input.ReadAsync(cancellation))
        {
            ResultRecord record = log.Contains(index)
                ? await log.ReadAsync(index, cancellation)
                : new ResultRecord(index, false, NotRun(name, input, index, line, notRun));
            if (!(record.Succeeded ? succeeded : failed))
                continue;
            await output.WriteAsync(record.Result, cancellation);
            output.WriteByte((byte)'\n');
            written++;
        }
        return written;
    }

    private static ReadOnlyMemory<byte> NotRun(string name, BatchInput input, int index, Line line, NotRunReason? reason)
    {
        if (reason is null)
            throw new InvalidOperationException($"Request {index} has no result.");
        string? customId = RequestLine.Parse(line, input.Urls, out _)?.CustomId;
        return ResultLine.NotRun(name, index, customId, reason.Code, reason.Message);
    }
}
