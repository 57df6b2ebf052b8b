using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using LlamaEngine.Cli.Commands;

namespace LlamaEngine.Cli;

/// <summary>Parses a command line, runs the command, and turns what can go wrong into an exit code and a line for people.</summary>
internal static class CommandLine
{
    // A prompt may start with '@': nothing is a response file.
    private static readonly ParserConfiguration s_parser = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line and returns its exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments, CliConsole console, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = CreateRoot(console).Parse(arguments, s_parser);
        if (parsed.Action is ParseErrorAction)
            return ReportUsage(parsed, console);
        InvocationConfiguration invocation = new() { Output = console.Output, Error = console.Error, EnableDefaultExceptionHandler = false };
        if (parsed.CommandResult.Command.Name == ServeCommand.Name)
            invocation.ProcessTerminationTimeout = null; // its host hears the signals, and gives requests their time
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception exception)
        {
            await console.FlushAsync();
            console.Error.WriteLine(Failures.Describe(exception));
            return Failures.ExitCodeOf(exception);
        }
    }

    private static RootCommand CreateRoot(CliConsole console)
    {
        RootCommand root = new("Runs Llama models in this process: GGUF files and Hugging Face folders.")
        {
            GenerateCommand.Create(console),
            ChatCommand.Create(console),
            ContextCommand.Create(console),
            TokenizeCommand.Create(console),
            DetokenizeCommand.Create(console),
            TemplateCommand.Create(console),
            LogitsCommand.Create(console),
            PerplexityCommand.Create(console),
            BenchCommand.Create(console),
            BenchServingCommand.Create(console),
            InspectCommand.Create(console),
            DoctorCommand.Create(console),
            QuantizeCommand.Create(console),
            ServeCommand.Create(),
        };
        CommonOptions.AddTo(root);
        root.Directives.Clear();
        return root;
    }

    private static int ReportUsage(ParseResult parsed, CliConsole console)
    {
        console.Error.WriteLine(string.Join(' ', parsed.Errors.Select(error => error.Message).Distinct()));
        console.Error.WriteLine($"For what there is: llama-engine {PathOf(parsed.CommandResult)}--help");
        return ExitCodes.Usage;
    }

    private static string PathOf(CommandResult result) =>
        result.Command is RootCommand ? "" : $"{(result.Parent is CommandResult parent ? PathOf(parent) : "")}{result.Command.Name} ";
}
