using System.Security.Cryptography;
using System.Text;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.Cli.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.Cli.Commands;

/// <summary>The work of <c>batch</c>: from a file of requests to a file of results, with what is done kept beside it meanwhile.</summary>
/// <param name="model">The model.</param>
/// <param name="input">The file of requests.</param>
/// <param name="output">The file of results.</param>
internal sealed class BatchRun(ServedModel model, string input, string output)
{
    /// <summary>Most bytes of a request.</summary>
    public const int MaxLineBytes = 16 << 20;

    private readonly BatchInput _input = new(input, BatchOperations.Urls, MaxLineBytes);

    /// <summary>The model.</summary>
    public ServedModel Model => model;

    /// <summary>Where results are kept until all are there.</summary>
    public string Partial => output + ".partial";

    /// <summary>How many requests there are.</summary>
    /// <exception cref="FailureException">Something is wrong with them; the message has the number of the line.</exception>
    public async Task<int> CheckAsync(CancellationToken cancellation)
    {
        InputCheck check = await _input.CheckAsync(int.MaxValue, cancellation);
        if (check.Errors is not [var first, ..])
            return check.Total;
        string line = first.Line is { } number ? $"line {number}: " : "", others = check.Errors.Length > 1 ? $" ({check.Errors.Length - 1} more lines are wrong.)" : "";
        throw new FailureException($"{input}: {line}{first.Message}{others}");
    }

    /// <summary>What names this work: another input or model is other work.</summary>
    public async Task<string> NameAsync(CancellationToken cancellation)
    {
        await using FileStream stream = File.OpenRead(input);
        byte[] digest = await SHA256.HashDataAsync(stream, cancellation);
        return Convert.ToHexStringLower(SHA256.HashData([.. digest, .. Encoding.UTF8.GetBytes($"{model.Name}\n{Path.GetFullPath(model.Path)}")]))[..24];
    }

    /// <summary>Runs what has no result yet.</summary>
    public async Task RunAsync(
        string name, BatchOperations operations, ResultLog log, int concurrency, Action progressed, CancellationToken cancellation)
    {
        ItemRunner runner = new(operations.All, TimeProvider.System, NullLogger.Instance);
        using SemaphoreSlim slots = new(concurrency);
        await new BatchProcessor(runner, slots, concurrency).RunAsync(name, _input, log, progressed, cancellation);
    }

    /// <summary>Puts all results into the output, in the order of the requests.</summary>
    public Task WriteAsync(string name, ResultLog log, CancellationToken cancellation) => Durable.WriteAsync(
        output, file => ResultWriter.WriteAsync(file, name, _input, log, null, succeeded: true, failed: true, cancellation));

    /// <summary>Deletes the results that were kept meanwhile.</summary>
    public void DeletePartial() => Durable.Delete(Partial);
}
