using System.CommandLine;
using System.Diagnostics;
using LlamaEngine.Contexts;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>context save</c>: computes the beginning of a prompt and keeps it in a file.</summary>
internal sealed class ContextSaveCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly PromptOptions _prompt = new("What prompts are to begin with: the first message of a chat, or with --raw a text.");
    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "The snapshot to write; it appears when it is whole.",
        HelpName = "FILE",
        Required = true,
    };
    private readonly Option<KvCacheType?> _kvType = KvTypeOption.Create("Number format of keys and values; default: auto.");
    private readonly Option<int?> _context = CommonOptions.Context();
    private readonly Option<bool> _json = CommonOptions.Json();

    private ContextSaveCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        ContextSaveCommand save = new(console);
        Command command = new("save", "Compute the beginning of a prompt and save it as a snapshot, for 'generate --context' and the SDK.")
        {
            save._model, save._out, save._kvType, save._context, save._json,
        };
        save._prompt.AddTo(command);
        command.SetAction(save.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string file = parsed.GetValue(_out)!;
        string text = await _prompt.ReadAsync(parsed, _console, cancellationToken);
        EngineOptions options = CommonOptions.EngineOptionsOf(parsed) with
        {
            ModelPath = parsed.GetValue(_model),
            ContextLength = parsed.GetValue(_context),
            KvCacheType = parsed.GetValue(_kvType) ?? KvCacheType.Auto,
        };
        await using InferenceEngine engine = await EngineLoader.LoadAsync(_console, options, cancellationToken);
        using RetainedContext context = await RetainAsync(engine, _prompt.ToPrompt(parsed, text, engine), cancellationToken);
        long started = Stopwatch.GetTimestamp();
        await context.SaveAsync(file, cancellationToken);
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        TransferText.Write(_console, parsed.GetValue(_json), "Saved", time, await ContextSnapshot.ReadInfoAsync(file, cancellationToken));
        return ExitCodes.Success;
    }

    private static async Task<RetainedContext> RetainAsync(InferenceEngine engine, Prompt prompt, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.RetainAsync(prompt, cancellationToken);
        }
        catch (ArgumentException exception)
        {
            // What only the model can tell: an empty prompt.
            throw new UsageException(Failures.WithoutParameter(exception));
        }
    }
}
