using System.Globalization;
using LlamaEngine.Cli.Json;
using LlamaEngine.Contexts;

namespace LlamaEngine.Cli.Commands;

/// <summary>Tells how a snapshot was written or read.</summary>
internal static class TransferText
{
    private const double Megabyte = 1e6;

    /// <summary>A line for people, or JSON.</summary>
    public static void Write(CliConsole console, bool json, string done, TimeSpan time, ContextSnapshot snapshot)
    {
        int held = snapshot.Blocks * snapshot.BlockSize;
        console.Output.WriteLine(json
            ? CliJson.Write(new TransferResult(time.TotalSeconds, snapshot.Tokens.Length, held, snapshot.Bytes), CliJson.Relaxed.TransferResult)
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{done} {snapshot.Tokens.Length} tokens, {held} of them with keys and values, {snapshot.Bytes / Megabyte:N1} MB in {time.TotalSeconds:N3} s"));
    }
}
