using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Cli.Json;
using LlamaEngine.Formats;
using LlamaEngine.Templates;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>template</c>: an object with messages a line in, the JSON string it renders to a line out.</summary>
internal sealed class TemplateCommand
{
    private readonly Option<string?> _model = CommonOptions.Model(required: false)!;
    private readonly Option<string?> _file = new("--file") { Description = "A Jinja template.", HelpName = "FILE" };
    private readonly Option<string?> _bos = new("--bos")
    {
        Description = "What bos_token stands for; default: the model's, or nothing.",
        HelpName = "TEXT",
    };
    private readonly Option<string?> _eos = new("--eos")
    {
        Description = "What eos_token stands for; default: the model's, or nothing.",
        HelpName = "TEXT",
    };
    private readonly Option<DateTimeOffset?> _now = new("--now")
    {
        Description = "What strftime_now takes for the time; default: the clock.",
        HelpName = "ISO-TIME",
        CustomParser = ParseTime,
    };

    private TemplateCommand()
    {
    }

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        TemplateCommand template = new();
        Command command = new("template", "Render a chat template: each line of standard input is an object with messages and other variables.")
        {
            template._model, template._file, template._bos, template._eos, template._now,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(template._model) is null == result.GetResult(template._file) is null)
                result.AddError("Give either --model or --file.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ChatTemplate source = template.Load(parsed);
            TimeProvider? clock = parsed.GetValue(template._now) is { } now ? new StoppedClock(now) : null;
            await JsonLines.RunAsync(console, line => Render(source, line, clock), cancellationToken);
            return ExitCodes.Success;
        });
        return command;
    }

    private ChatTemplate Load(ParseResult parsed)
    {
        string? bos = parsed.GetValue(_bos);
        string? eos = parsed.GetValue(_eos);
        if (parsed.GetValue(_file) is { } file)
            return ChatTemplate.Parse(File.ReadAllText(file), bos ?? "", eos ?? "");
        using ModelFile model = ModelFile.Open(parsed.GetValue(_model)!);
        string source = model.ChatTemplate ?? throw new FailureException($"{model.Path} has no chat template. --file names one.");
        Tokenizer? tokenizer = model.LoadTokenizer();
        return ChatTemplate.Parse(source, bos ?? TextOf(tokenizer, tokenizer?.BosTokenId), eos ?? TextOf(tokenizer, tokenizer?.EosTokenId));
    }

    private static string TextOf(Tokenizer? tokenizer, int? id) => id is { } known ? tokenizer!.GetToken(known) : "";

    // Whatever is wrong with a line is its answer, so that the lines after it are still rendered.
    private static string Render(ChatTemplate template, string line, TimeProvider? clock)
    {
        try
        {
            if (JsonLines.Parse(line, CliJson.Relaxed.JsonNode) is not JsonObject variables)
                return Error("The line is not a JSON object.");
            return CliJson.Write(template.Render(variables, clock), CliJson.Relaxed.String);
        }
        catch (Exception exception) when (exception is ChatTemplateException or JsonException or ArgumentException)
        {
            return Error(exception.Message);
        }
    }

    private static string Error(string message) => CliJson.Write(new TemplateError(message), CliJson.Relaxed.TemplateError);

    private static DateTimeOffset? ParseTime(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return time;
        result.AddError($"--now takes a time such as 2026-11-21T10:30:00, not '{text}'.");
        return null;
    }
}
