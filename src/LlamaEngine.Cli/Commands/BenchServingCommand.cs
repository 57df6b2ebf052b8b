using System.CommandLine;
using LlamaEngine.Cli.Json;
using LlamaEngine.Cli.Serving;
using LlamaEngine.Formats;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>bench-serving</c>: throughput and latency of an engine that many users share.</summary>
internal sealed class BenchServingCommand
{
    private readonly CliConsole _console;
    private readonly BenchServingOptions _options = new();

    private BenchServingCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        BenchServingCommand bench = new(console);
        Command command = new("bench-serving", "Measure throughput and latency with many users at once, and check that none disturbs another.");
        bench._options.AddTo(command);
        command.SetAction(bench.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Workload workload = _options.Workload(parsed);
        if (_options.Url(parsed) is { } url)
        {
            await PrintAsync(await MeasureAsync(parsed, workload, url, cancellationToken), parsed);
            return ExitCodes.Success;
        }
        EngineOptions engine = FitContext(_options.Engine(parsed), workload);
        List<ServedRequest[]> served = [];
        ServingResult result = await MeasureAsync(parsed, workload, engine, served, cancellationToken);
        if (workload.Verify)
            result = result with { Runs = await VerifyAsync(engine, result.Runs, served, cancellationToken) };
        await PrintAsync(result, parsed);
        if (result.Runs.Sum(run => run.Mismatches) is not > 0)
            return ExitCodes.Success;
        _console.Error.WriteLine("Some requests gave other tokens or log probabilities than alone.");
        return ExitCodes.Failure;
    }

    /// <summary>
    /// No more context than the requests need, since the cache is planned for as many contexts as there are users; but enough for a
    /// full batch, which is bounded by the context too.
    /// </summary>
    private static EngineOptions FitContext(EngineOptions options, Workload workload)
    {
        using ModelFile file = ModelFile.Open(options.ModelPath!);
        int context = file.Configuration.ContextLength;
        if (workload.MaxLength > context)
            throw new UsageException($"--prompt and --gen ask for up to {workload.MaxLength} tokens; the model's context is {context}.");
        if (workload.MaxLength > options.KvCacheTokens)
            throw new UsageException($"--kv-tokens {options.KvCacheTokens} cannot hold a request of up to {workload.MaxLength} tokens.");
        return options with { ContextLength = workload.MaxLength };
    }

    private async Task<ServingResult> MeasureAsync(
        ParseResult parsed, Workload workload, EngineOptions options, List<ServedRequest[]> served, CancellationToken cancellationToken)
    {
        await using InferenceEngine engine = await EngineLoader.LoadAsync(_console, options, cancellationToken);
        int[] vocabulary = RequestPlanner.PlainTokensOf(
            engine.Model.Configuration.VocabularySize, engine.HasTokenizer ? engine.Tokenizer : null);
        List<ServingRun> runs = await MeasureAsync(parsed, new ServingBenchmark(new EngineTarget(engine), vocabulary, workload), served, cancellationToken);
        long kvTokens = (long)engine.Statistics.KvBlocks * engine.Statistics.KvBlockSize;
        return Describe(engine.Model.Name, engine.Model.Device, kvTokens, workload, runs);
    }

    /// <summary>Measures a server; the model's file is opened for its vocabulary only.</summary>
    private async Task<ServingResult> MeasureAsync(ParseResult parsed, Workload workload, Uri url, CancellationToken cancellationToken)
    {
        using HttpTarget server = new(url);
        await server.FindModelAsync(cancellationToken);
        using ModelFile file = ModelFile.Open(_options.Model(parsed));
        int[] vocabulary = RequestPlanner.PlainTokensOf(file.Configuration.VocabularySize, file.LoadTokenizer());
        List<ServingRun> runs = await MeasureAsync(parsed, new ServingBenchmark(server, vocabulary, workload), [], cancellationToken);
        return Describe(server.Model, $"the server {url}", null, workload, runs);
    }

    private async Task<List<ServingRun>> MeasureAsync(
        ParseResult parsed, ServingBenchmark benchmark, List<ServedRequest[]> served, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(_console);
        await benchmark.WarmUpAsync(cancellationToken);
        List<ServingRun> runs = [];
        foreach (int users in _options.Users(parsed))
        {
            int requests = _options.Requests(parsed, users), done = 0;
            (ServingRun run, ServedRequest[] ended) = await benchmark.RunAsync(
                users, requests, () => progress.Report($"{users} users", Interlocked.Increment(ref done) / (double)requests), cancellationToken);
            runs.Add(run);
            served.Add(ended);
        }
        return runs;
    }

    /// <summary>Runs everything again on an engine for one sequence, when the first one's memory is free again.</summary>
    private async Task<List<ServingRun>> VerifyAsync(
        EngineOptions options, IReadOnlyList<ServingRun> runs, List<ServedRequest[]> served, CancellationToken cancellationToken)
    {
        EngineOptions single = options with { MaxSequences = 1, KvCacheTokens = options.ContextLength };
        await using InferenceEngine engine = await EngineLoader.LoadAsync(_console, single, cancellationToken);
        using ProgressLine progress = new(_console);
        StandaloneOracle oracle = new(engine);
        List<ServingRun> verified = [];
        int all = served.Sum(requests => requests.Length), done = 0;
        foreach ((ServingRun run, ServedRequest[] requests) in runs.Zip(served))
        {
            int mismatches = 0;
            foreach (ServedRequest request in requests)
            {
                mismatches += await oracle.ConfirmsAsync(request, cancellationToken) ? 0 : 1;
                progress.Report("Verifying", ++done / (double)all);
            }
            verified.Add(run with { Mismatches = mismatches });
        }
        return verified;
    }

    private static ServingResult Describe(string model, string device, long? kvTokens, Workload workload, List<ServingRun> runs) => new()
    {
        Model = model,
        Device = device,
        Processor = ProcessorName.Find(),
        KvTokens = kvTokens,
        Prompt = workload.Prompt.ToString(),
        Gen = workload.Generated.ToString(),
        SharedPrefix = workload.SharedPrefix,
        Arrival = workload.Arrival.ToString(),
        Temperature = workload.Temperature,
        Seed = workload.Seed,
        Runs = runs,
    };

    private async Task PrintAsync(ServingResult result, ParseResult parsed)
    {
        if (_options.Json(parsed))
            _console.Output.WriteLine(CliJson.Write(result, CliJson.Relaxed.ServingResult));
        else
            ServingTable.Write(_console.Output, result);
        if (_options.Plot(parsed) is { } file)
            await AtomicFile.WriteAsync(file, stream => Task.Run(() => ServingPlot.Write(stream, result)));
    }
}
