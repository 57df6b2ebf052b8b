using System.CommandLine;
using System.Globalization;
using LlamaEngine.Cli.Json;
using LlamaEngine.Cli.Measuring;
using LlamaEngine.Formats;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>bench</c>: tokens a second of prefill and decode.</summary>
internal sealed class BenchCommand
{
    private readonly CliConsole _console;
    private readonly Option<string?> _model = CommonOptions.Model(required: false)!;
    private readonly Option<string?> _synthetic = new("--synthetic")
    {
        Description = $"In place of --model, random weights: {string.Join(", ", SyntheticShapes.Names)}, each with :F16, :Q8_0, :Q4_0, …",
        HelpName = "SHAPE:TYPE",
    };
    private readonly Option<string?> _save = new("--save")
    {
        Description = "With --synthetic: write the weights as a GGUF file and measure that, so that another engine can run the same.",
        HelpName = "FILE",
    };
    private readonly Option<int> _prompt = Count("--prompt", "Tokens of the prefill.", 512);
    private readonly Option<int> _gen = Count("--gen", "Tokens to decode.", 128);
    private readonly Option<int> _repeat = Count("--repeat", "How often each is measured, after one warm-up.", 5);
    private readonly Option<bool> _json = CommonOptions.Json();

    private BenchCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        BenchCommand bench = new(console);
        Command command = new("bench", "Measure the speed of a model, as llama-bench does.")
        {
            bench._model, bench._synthetic, bench._save, bench._prompt, bench._gen, bench._repeat, bench._json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(bench._model) is null == result.GetResult(bench._synthetic) is null)
                result.AddError("Give either --model or --synthetic.");
            if (result.GetResult(bench._save) is not null && result.GetResult(bench._synthetic) is null)
                result.AddError("--save needs --synthetic.");
        });
        command.SetAction(bench.RunAsync);
        return command;
    }

    private static Option<int> Count(string name, string description, int standard) =>
        NumberOptions.WithDefault(name, "N", description, 1, 1_000_000, standard);

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        int prompt = parsed.GetValue(_prompt);
        int generated = parsed.GetValue(_gen);
        await using InferenceEngine engine = await LoadAsync(parsed, Math.Max(prompt, generated) + 1, cancellationToken);
        int most = engine.Model.ContextLength - 1;
        if (prompt > most || generated > most)
            _console.Error.WriteLine($"The model's context is {most + 1} tokens: at most {most} are measured.");
        Throughput throughput = new(engine, Math.Min(prompt, most), Math.Min(generated, most));
        (Spread prefill, Spread decode) = await MeasureAsync(throughput, parsed.GetValue(_repeat), cancellationToken);
        BenchResult result = new(
            prefill, decode, engine.Model.LoadTime.TotalSeconds, engine.Model.Threads, engine.Model.Device, engine.Model.WeightBytes);
        Print(result, parsed.GetValue(_json));
        return ExitCodes.Success;
    }

    private Task<InferenceEngine> LoadAsync(ParseResult parsed, int context, CancellationToken cancellationToken)
    {
        EngineOptions options = CommonOptions.EngineOptionsOf(parsed);
        if (parsed.GetValue(_synthetic) is not { } description)
            return LoadFileAsync(options with { ModelPath = parsed.GetValue(_model) }, context, cancellationToken);
        SyntheticModel model = ParseSynthetic(description);
        if (parsed.GetValue(_save) is not { } file)
            return Task.Run(() => InferenceEngine.Create(options with { ContextLength = context }, () => model), cancellationToken);
        using (model)
            model.Save(file, cancellationToken);
        return LoadFileAsync(options with { ModelPath = file }, context, cancellationToken);
    }

    // No more cache than the measurement needs, and no more context than the model has.
    private Task<InferenceEngine> LoadFileAsync(EngineOptions options, int context, CancellationToken cancellationToken)
    {
        using ModelFile file = ModelFile.Open(options.ModelPath!);
        context = Math.Min(context, file.Configuration.ContextLength);
        return EngineLoader.LoadAsync(_console, options with { ContextLength = context }, cancellationToken);
    }

    private static SyntheticModel ParseSynthetic(string description)
    {
        try
        {
            return SyntheticModel.Parse(description);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException($"--synthetic: {exception.Message}");
        }
    }

    private async Task<(Spread Prefill, Spread Decode)> MeasureAsync(Throughput throughput, int repetitions, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(_console);
        int done = 0;
        return await throughput.MeasureAsync(
            repetitions, () => progress.Report("Measuring", ++done / (double)Throughput.StepsFor(repetitions)), cancellationToken);
    }

    private void Print(BenchResult result, bool json) => _console.Output.WriteLine(json
        ? CliJson.Write(result, CliJson.Relaxed.BenchResult)
        : string.Create(CultureInfo.InvariantCulture, $"""
            prefill {result.PrefillTokensPerSecond.Median:F1} tokens/s ({result.PrefillTokensPerSecond.Min:F1} to {result.PrefillTokensPerSecond.Max:F1})
            decode  {result.DecodeTokensPerSecond.Median:F1} tokens/s ({result.DecodeTokensPerSecond.Min:F1} to {result.DecodeTokensPerSecond.Max:F1})
            loaded in {result.LoadSeconds:F2} s: {result.WeightBytes / 1e6:F1} MB of weights, {result.Device}
            """));
}
