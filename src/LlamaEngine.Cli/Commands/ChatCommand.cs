using System.CommandLine;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>chat</c>: a conversation on the terminal, or over a pipe.</summary>
internal sealed class ChatCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string?> _system = new("--system") { Description = "The system prompt.", HelpName = "TEXT" };
    private readonly Option<int?> _context = CommonOptions.Context();
    private readonly SamplingOptions _sampling = new();

    private ChatCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        ChatCommand chat = new(console);
        Command command = new("chat", "Talk with a model. /reset forgets, /save [FILE] keeps the conversation as JSON, /exit leaves.")
        {
            chat._model, chat._system, chat._context,
        };
        chat._sampling.AddTo(command);
        command.SetAction(chat.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        GenerationOptions options = _sampling.Read(parsed);
        await using InferenceEngine engine = await EngineLoader.LoadAsync(
            parsed, _console, parsed.GetValue(_model), parsed.GetValue(_context), cancellationToken);
        if (engine.ChatTemplate is null)
            throw new FailureException("This model has no chat template. 'generate --raw' continues a text with it.");
        using ChatLoop loop = new(_console, engine, parsed.GetValue(_system), options);
        try
        {
            await loop.RunAsync(cancellationToken);
        }
        catch (ArgumentException exception)
        {
            // What only the model can tell: tokens outside its vocabulary.
            throw new UsageException(Failures.WithoutParameter(exception));
        }
        return ExitCodes.Success;
    }
}
