using System.CommandLine;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>context</c>: snapshots of contexts, files that hold what a prompt's prefix was computed to.</summary>
internal static class ContextCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console) => new("context", "Save, restore and show snapshots: prompts that need not be computed again.")
    {
        ContextSaveCommand.Create(console),
        ContextRestoreCommand.Create(console),
        ContextShowCommand.Create(console),
    };

    /// <summary>The file of a snapshot, as a new argument of one command.</summary>
    public static Argument<string> File() => new("FILE") { Description = "A snapshot that 'context save' or the SDK wrote." };
}
