using System.CommandLine;
using System.Globalization;
using LlamaEngine.Cli.Json;
using LlamaEngine.Cli.Measuring;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>perplexity</c>: how well a model predicts a text; comparable with llama.cpp's tool.</summary>
internal sealed class PerplexityCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _file = new("--file", "-f")
    {
        Description = "The text, in UTF-8.",
        HelpName = "FILE",
        Required = true,
    };
    private readonly Option<int> _context =
        NumberOptions.WithDefault("--context", "N", "Tokens of a chunk.", 4, int.MaxValue, 512);
    private readonly Option<bool> _precise = CommonOptions.Precise();
    private readonly Option<bool> _json = CommonOptions.Json();

    private PerplexityCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        PerplexityCommand perplexity = new(console);
        Command command = new("perplexity", "Measure how well a model predicts a text, as llama.cpp's tool does.")
        {
            perplexity._model, perplexity._file, perplexity._context, perplexity._precise, perplexity._json,
        };
        command.SetAction(perplexity.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string text = ReadText(parsed.GetValue(_file)!);
        int context = parsed.GetValue(_context);
        EngineOptions options = CommonOptions.EngineOptionsOf(parsed) with
        {
            ModelPath = parsed.GetValue(_model),
            ContextLength = context,
        };
        options = options.WithPrecision(parsed.GetValue(_precise));
        await using InferenceEngine engine = await EngineLoader.LoadAsync(_console, options, cancellationToken);
        Tokenizer tokenizer = engine.Tokenizer;
        Perplexity perplexity = new(Perplexity.Tokenize(tokenizer, text), context, Perplexity.BosOf(tokenizer));
        await MeasureAsync(engine, perplexity, cancellationToken);
        Print(perplexity, parsed.GetValue(_json));
        return ExitCodes.Success;
    }

    // llama.cpp's tools leave out one newline at the end of a file, which most editors put there.
    private static string ReadText(string file)
    {
        string text = File.ReadAllText(file);
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    private async Task MeasureAsync(InferenceEngine engine, Perplexity perplexity, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(_console);
        for (int chunk = 0; chunk < perplexity.ChunkCount; chunk++)
        {
            int current = chunk;
            await engine.ComputeLogitsAsync(
                [perplexity.GetChunk(chunk)], (_, position, logits) => perplexity.Add(current, position, logits), cancellationToken);
            string soFar = string.Create(CultureInfo.InvariantCulture, $"Perplexity {perplexity.Value:F4}");
            progress.Report(soFar, (chunk + 1.0) / perplexity.ChunkCount);
        }
    }

    private void Print(Perplexity perplexity, bool json)
    {
        double value = perplexity.Value;
        if (!double.IsFinite(value))
            throw new FailureException("The model's logits are not finite; the file may be damaged.");
        _console.Output.WriteLine(json
            ? CliJson.Write(new PerplexityResult(value, perplexity.ChunkCount, perplexity.ScoredTokens), CliJson.Relaxed.PerplexityResult)
            : string.Create(CultureInfo.InvariantCulture, $"perplexity {value:F4} ({perplexity.ChunkCount} chunks, {perplexity.ScoredTokens} tokens)"));
    }
}
