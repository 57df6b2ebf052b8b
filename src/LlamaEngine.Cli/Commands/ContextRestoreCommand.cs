using System.CommandLine;
using System.Diagnostics;
using LlamaEngine.Contexts;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>context restore</c>: reads a snapshot into an engine, which proves that it is whole and fits the model.</summary>
internal sealed class ContextRestoreCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Argument<string> _file = ContextCommand.File();
    private readonly Option<KvCacheType?> _kvType = KvTypeOption.Create("Number format of keys and values; default: the snapshot's.");
    private readonly Option<int?> _context = CommonOptions.Context();
    private readonly Option<bool> _json = CommonOptions.Json();

    private ContextRestoreCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        ContextRestoreCommand restore = new(console);
        Command command = new("restore", "Restore a snapshot into an engine and tell how long it took: proves that it is whole and fits the model.")
        {
            restore._file, restore._model, restore._kvType, restore._context, restore._json,
        };
        command.SetAction(restore.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string file = parsed.GetValue(_file)!;
        ContextSnapshot snapshot = await ContextSnapshot.ReadInfoAsync(file, cancellationToken);
        EngineOptions options = CommonOptions.EngineOptionsOf(parsed).Matching(snapshot) with
        {
            ModelPath = parsed.GetValue(_model),
            ContextLength = parsed.GetValue(_context),
        };
        if (parsed.GetValue(_kvType) is { } kvType)
            options = options with { KvCacheType = kvType };
        await using InferenceEngine engine = await EngineLoader.LoadAsync(_console, options, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        using RetainedContext context = await engine.RestoreAsync(file, cancellationToken);
        TransferText.Write(_console, parsed.GetValue(_json), "Restored", Stopwatch.GetElapsedTime(started), snapshot);
        return ExitCodes.Success;
    }
}
