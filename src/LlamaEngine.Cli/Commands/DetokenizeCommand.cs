using System.CommandLine;
using LlamaEngine.Cli.Json;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>detokenize</c>: an array of ids a line in, the JSON string of its text a line out.</summary>
internal static class DetokenizeCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        TokenizerOptions tokenizerOptions = new();
        Command command = new("detokenize", "Turn token ids into texts: each line of standard input is a JSON array.");
        tokenizerOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Tokenizer tokenizer = tokenizerOptions.Load(parsed);
            await JsonLines.RunAsync(console, line => Decode(tokenizer, line), cancellationToken);
            return ExitCodes.Success;
        });
        return command;
    }

    private static string Decode(Tokenizer tokenizer, string line)
    {
        int[] ids = JsonLines.Parse(line, CliJson.Relaxed.Int32Array) ?? throw new FailureException("null is not an array of ids.");
        return CliJson.Write(tokenizer.Decode(ids), CliJson.Relaxed.String);
    }
}
