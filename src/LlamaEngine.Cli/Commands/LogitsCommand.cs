using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>logits</c>: what the model answers at every position of given token sequences, for comparing engines.</summary>
internal sealed class LogitsCommand
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string> _tokens = new("--tokens")
    {
        Description = "A JSON list of token sequences.",
        HelpName = "FILE",
        Required = true,
    };
    private readonly Option<string> _out = new("--out")
    {
        Description = "Gets float32 little-endian rows [tokens, vocabulary] of all sequences.",
        HelpName = "FILE",
        Required = true,
    };
    private readonly Option<bool> _precise = CommonOptions.Precise();

    private LogitsCommand()
    {
    }

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        LogitsCommand logits = new();
        Command command = new("logits", "Compute the logits of token sequences, each from position 0.")
        {
            logits._model, logits._tokens, logits._out, logits._precise,
        };
        command.SetAction((parsed, cancellationToken) => logits.RunAsync(parsed, console, cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CliConsole console, CancellationToken cancellationToken)
    {
        int[][] sequences = Read(parsed.GetValue(_tokens)!);
        EngineOptions options = CommonOptions.EngineOptionsOf(parsed) with
        {
            ModelPath = parsed.GetValue(_model),
            ContextLength = Math.Max(1, sequences.Select(sequence => sequence.Length).DefaultIfEmpty().Max()),
        };
        options = options.WithPrecision(parsed.GetValue(_precise));
        await using InferenceEngine engine = await EngineLoader.LoadAsync(console, options, cancellationToken);
        await AtomicFile.WriteAsync(parsed.GetValue(_out)!, file => WriteRowsAsync(file, engine, sequences, console, cancellationToken));
        return ExitCodes.Success;
    }

    private static async Task WriteRowsAsync(
        FileStream file, InferenceEngine engine, int[][] sequences, CliConsole console, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(console);
        // The engine computes sequences side by side, so each row is put where it belongs.
        long[] firstRows = new long[sequences.Length + 1];
        for (int i = 0; i < sequences.Length; i++)
            firstRows[i + 1] = firstRows[i] + sequences[i].Length;
        int done = 0;
        await engine.ComputeLogitsAsync(
            sequences,
            (sequence, position, logits) =>
            {
                file.Position = (firstRows[sequence] + position) * logits.Length * sizeof(float);
                file.Write(MemoryMarshal.AsBytes(logits)); // little-endian, as every processor that .NET's kernels know
                progress.Report("Computing logits", (double)++done / firstRows[^1]);
            },
            cancellationToken);
    }

    private static int[][] Read(string file)
    {
        try
        {
            int[][]? sequences = JsonSerializer.Deserialize(File.ReadAllText(file), CliJson.Relaxed.Int32ArrayArray);
            if (sequences is not null && Array.TrueForAll(sequences, sequence => sequence is not null))
                return [.. sequences.Where(sequence => sequence.Length > 0)];
        }
        catch (JsonException exception)
        {
            throw new FailureException($"{file}: {exception.Message}");
        }
        throw new FailureException($"{file} is not a JSON list of token sequences.");
    }
}
