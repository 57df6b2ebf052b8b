using System.CommandLine;
using LlamaEngine.Cli.Json;
using LlamaEngine.Contexts;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>generate</c>: streams the completion of one prompt.</summary>
internal sealed class GenerateCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly PromptOptions _prompt = new("What to answer.");
    private readonly Option<int?> _logprobs =
        NumberOptions.Optional("--logprobs", "N", "With --json: log probabilities, with so many alternatives a token.", 0, 20);
    private readonly Option<GenerateContext?> _context = GenerateContext.Option();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly SamplingOptions _sampling = new();

    private GenerateCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        GenerateCommand generate = new(console);
        Command command = new("generate", "Generate text: an answer to a prompt, or its continuation.")
        {
            generate._model, generate._context, generate._logprobs, generate._json,
        };
        generate._prompt.AddTo(command);
        generate._sampling.AddTo(command);
        command.SetAction(generate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string text = await _prompt.ReadAsync(parsed, _console, cancellationToken);
        GenerationOptions options = _sampling.Read(parsed) with { TopLogProbabilities = parsed.GetValue(_logprobs) };
        GenerateContext context = parsed.GetValue(_context) ?? new GenerateContext(null, null);
        await using InferenceEngine engine = await LoadAsync(parsed, context, cancellationToken);
        using RetainedContext? restored = context.Snapshot is { } file ? await engine.RestoreAsync(file, cancellationToken) : null;
        Prompt prompt = restored is null ? _prompt.ToPrompt(parsed, text, engine) : _prompt.ToPrompt(parsed, text, restored);
        try
        {
            if (parsed.GetValue(_json))
                await PrintJsonAsync(engine, prompt, options, cancellationToken);
            else
                await StreamAsync(engine, prompt, options, cancellationToken);
        }
        catch (ArgumentException exception)
        {
            // What only the model can tell: an empty prompt, tokens outside its vocabulary.
            throw new UsageException(Failures.WithoutParameter(exception));
        }
        return ExitCodes.Success;
    }

    private async Task<InferenceEngine> LoadAsync(ParseResult parsed, GenerateContext context, CancellationToken cancellationToken)
    {
        EngineOptions options = CommonOptions.EngineOptionsOf(parsed) with
        {
            ModelPath = parsed.GetValue(_model),
            ContextLength = context.Length,
        };
        if (context.Snapshot is { } file)
            options = options.Matching(await ContextSnapshot.ReadInfoAsync(file, cancellationToken));
        return await EngineLoader.LoadAsync(_console, options, cancellationToken);
    }

    private async Task StreamAsync(InferenceEngine engine, Prompt prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        await foreach (CompletionUpdate update in engine.GenerateAsync(prompt, options, cancellationToken))
        {
            await _console.Output.WriteAsync(update.Text);
            await _console.Output.FlushAsync(cancellationToken);
        }
        await _console.Output.WriteLineAsync();
    }

    private async Task PrintJsonAsync(InferenceEngine engine, Prompt prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        Completion completion = await engine.CompleteAsync(prompt, options, cancellationToken);
        GenerateResult result = GenerateResult.From(completion, engine.Tokenize(prompt));
        await _console.Output.WriteLineAsync(CliJson.Write(result, CliJson.Relaxed.GenerateResult));
    }
}
