using System.CommandLine;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.Cli.Hosting;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>batch</c>: runs a file of requests, as /v1/batches does, without a server.</summary>
internal sealed class BatchCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = new("--model", "-m")
    {
        Description = "The model, with the name that requests may call it (default: its file's).",
        HelpName = "[NAME=]FILE|FOLDER",
        Required = true,
    };
    private readonly Option<string> _in = new("--in")
    {
        Description = "The requests: a JSON object a line, as OpenAI's batches have them.",
        HelpName = "F.jsonl",
        Required = true,
    };
    private readonly Option<string> _out = new("--out")
    {
        Description = "Where the results go, in the order of the requests; the file appears when all are there. F.jsonl.partial has them meanwhile.",
        HelpName = "F.jsonl",
        Required = true,
    };
    private readonly Option<int> _concurrency =
        NumberOptions.WithDefault("--concurrency", "N", "Most requests that run at once.", 1, BulkOptions.MostAtOnce, 64);
    private readonly Option<int?> _context = CommonOptions.Context();

    private BatchCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        BatchCommand batch = new(console);
        Command command = new("batch", "Run a file of requests; run again after an interruption, it goes on where it was.")
        {
            batch._model, batch._in, batch._out, batch._concurrency, batch._context,
        };
        command.SetAction(batch.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string input = parsed.GetValue(_in)!, output = parsed.GetValue(_out)!;
        if (Path.GetFullPath(input) == Path.GetFullPath(output))
            throw new UsageException("--in and --out are the same file.");
        ServedModel model = ServedModel.Parse(parsed.GetValue(_model)!);
        BatchRun run = new(model, input, output);
        int total = await run.CheckAsync(cancellationToken);
        string name = await run.NameAsync(cancellationToken);
        int failed;
        await using (ResultLog log = await ResultLog.OpenAsync(run.Partial, name, cancellation: cancellationToken))
        {
            if (log.Succeeded + log.Failed < total)
                await RunAsync(parsed, run, name, log, total, cancellationToken);
            await run.WriteAsync(name, log, cancellationToken);
            failed = log.Failed;
        }
        run.DeletePartial();
        if (failed > 0)
            _console.Error.WriteLine($"{failed} of {total} requests failed; their results say why.");
        return ExitCodes.Success;
    }

    private async Task RunAsync(ParseResult parsed, BatchRun run, string name, ResultLog log, int total, CancellationToken cancellationToken)
    {
        try
        {
            await using InferenceEngine engine = await EngineLoader.LoadAsync(parsed, _console, run.Model.Path, parsed.GetValue(_context), cancellationToken);
            using BatchOperations operations = new(run.Model.Name, engine, BatchRun.MaxLineBytes);
            using ProgressLine progress = new(_console);
            await run.RunAsync(name, operations, log, parsed.GetValue(_concurrency), () => Report(progress, log, total), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _console.Error.WriteLine($"{log.Succeeded + log.Failed} of {total} results are in {run.Partial}; the same command goes on from there.");
            throw;
        }
    }

    private static void Report(ProgressLine progress, ResultLog log, int total)
    {
        int done = log.Succeeded + log.Failed;
        progress.Report($"{done} of {total} requests", (double)done / total);
    }
}
