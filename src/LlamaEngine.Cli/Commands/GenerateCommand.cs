using System.CommandLine;
using LlamaEngine.Cli.Json;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>generate</c>: streams the completion of one prompt.</summary>
internal sealed class GenerateCommand
{
    private readonly CliConsole _console;
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<string?> _prompt = new("--prompt", "-p") { Description = "What to answer.", HelpName = "TEXT" };
    private readonly Option<string?> _promptFile = new("--prompt-file", "-f")
    {
        Description = "A file with what to answer; - is standard input.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _system = new("--system") { Description = "The system prompt.", HelpName = "TEXT" };
    private readonly Option<bool> _raw = new("--raw") { Description = "Continue the prompt as it stands, without the chat template." };
    private readonly Option<bool> _special = new("--special") { Description = "With --raw: special tokens written in the prompt count as such." };
    private readonly Option<int?> _logprobs =
        NumberOptions.Optional("--logprobs", "N", "With --json: log probabilities, with so many alternatives a token.", 0, 20);
    private readonly Option<int?> _context = CommonOptions.Context();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly SamplingOptions _sampling = new();

    private GenerateCommand(CliConsole console) => _console = console;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        GenerateCommand generate = new(console);
        Command command = new("generate", "Generate text: an answer to a prompt, or its continuation.")
        {
            generate._model, generate._prompt, generate._promptFile, generate._system, generate._raw, generate._special,
            generate._logprobs, generate._context, generate._json,
        };
        generate._sampling.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(generate._prompt) is null == result.GetResult(generate._promptFile) is null)
                result.AddError("Give either --prompt or --prompt-file.");
            if (result.GetValue(generate._raw) && result.GetResult(generate._system) is not null)
                result.AddError("--system needs the chat template, which --raw leaves out.");
        });
        command.SetAction(generate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string text = await ReadPromptAsync(parsed, cancellationToken);
        GenerationOptions options = _sampling.Read(parsed) with { TopLogProbabilities = parsed.GetValue(_logprobs) };
        await using InferenceEngine engine = await EngineLoader.LoadAsync(
            parsed, _console, parsed.GetValue(_model), parsed.GetValue(_context), cancellationToken);
        Prompt prompt = ToPrompt(parsed, text, engine);
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

    private async Task<string> ReadPromptAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_prompt) is { } prompt)
            return prompt;
        string file = parsed.GetValue(_promptFile)!;
        if (file != "-")
            return await File.ReadAllTextAsync(file, cancellationToken);
        using StreamReader input = _console.OpenInputText();
        return await input.ReadToEndAsync(cancellationToken);
    }

    private Prompt ToPrompt(ParseResult parsed, string text, InferenceEngine engine)
    {
        if (parsed.GetValue(_raw))
            return Prompt.FromText(text, parsed.GetValue(_special));
        if (engine.ChatTemplate is null)
            throw new FailureException("This model has no chat template. With --raw it continues the prompt as it stands.");
        ChatMessage user = new(ChatRole.User, text);
        return Prompt.FromMessages(parsed.GetValue(_system) is { } system ? [new ChatMessage(ChatRole.System, system), user] : [user]);
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
