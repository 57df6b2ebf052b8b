using System.CommandLine;
using LlamaEngine.Cli.Json;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>tokenize</c>: a JSON string a line in, the array of its ids a line out.</summary>
internal static class TokenizeCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        TokenizerOptions tokenizerOptions = new();
        Option<bool> special = new("--special") { Description = "Special tokens written in the text count as such; otherwise they are plain text." };
        Option<bool> bos = new("--bos") { Description = "Put the beginning-of-sequence token before each text." };
        Command command = new("tokenize", "Turn texts into token ids: each line of standard input is a JSON string.") { special, bos };
        tokenizerOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Tokenizer tokenizer = tokenizerOptions.Load(parsed);
            int[] prefix = parsed.GetValue(bos) ? [BosOf(tokenizer)] : [];
            await JsonLines.RunAsync(console, line => Encode(tokenizer, line, prefix, parsed.GetValue(special)), cancellationToken);
            return ExitCodes.Success;
        });
        return command;
    }

    private static string Encode(Tokenizer tokenizer, string line, int[] prefix, bool special)
    {
        string text = JsonLines.Parse(line, CliJson.Relaxed.String) ?? throw new FailureException("null is not a string.");
        return CliJson.Write([.. prefix, .. tokenizer.Encode(text, special)], CliJson.Relaxed.Int32Array);
    }

    private static int BosOf(Tokenizer tokenizer) =>
        tokenizer.BosTokenId ?? throw new FailureException("This tokenizer has no beginning-of-sequence token; leave out --bos.");
}
