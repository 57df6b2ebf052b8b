using System.CommandLine;
using System.Globalization;
using LlamaEngine.Cli.Json;
using LlamaEngine.Contexts;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>context show</c>: what a snapshot holds; needs no model.</summary>
internal static class ContextShowCommand
{
    private const double Megabyte = 1e6;

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        Argument<string> file = ContextCommand.File();
        Option<bool> json = CommonOptions.Json();
        Command command = new("show", "Tell what a snapshot holds. No model is loaded, and no blocks are read.") { file, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ContextSnapshot snapshot = await ContextSnapshot.ReadInfoAsync(parsed.GetValue(file)!, cancellationToken);
            if (parsed.GetValue(json))
                await console.Output.WriteLineAsync(CliJson.Write(SnapshotResult.From(snapshot), CliJson.Relaxed.SnapshotResult));
            else
                Write(snapshot, console.Output);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Write(ContextSnapshot snapshot, TextWriter output)
    {
        foreach ((string name, string value) in Facts(snapshot))
            output.WriteLine($"{name,-15}{value}");
        foreach (ChatMessage message in snapshot.Messages)
            output.WriteLine($"{message.Role.Value,-15}{message.Text.ReplaceLineEndings(" ")}");
    }

    private static IEnumerable<(string Name, string Value)> Facts(ContextSnapshot snapshot)
    {
        yield return ("model", $"{snapshot.ModelName.ReplaceLineEndings(" ")} ({snapshot.ModelIdentity})");
        yield return ("format", Text($"version {snapshot.Version}"));
        yield return ("tokens", Text($"{snapshot.Tokens.Length}"));
        yield return ("blocks", Text($"{snapshot.Blocks} of {snapshot.BlockSize} tokens, {snapshot.BlockBytes:N0} bytes each"));
        yield return ("KV type", snapshot.KvCacheType.ToString());
        yield return ("activations", snapshot.QuantizedActivations ? "rounded" : "float32");
        yield return ("file", Text($"{snapshot.Bytes / Megabyte:N1} MB"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
