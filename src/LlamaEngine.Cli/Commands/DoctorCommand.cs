using System.CommandLine;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>doctor</c>: what this process may compute on, what it would choose and why, and what to fix.</summary>
internal static class DoctorCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        Option<bool> json = CommonOptions.Json();
        Command command = new("doctor", "Show what an engine of this process would compute on, and why, and what to fix.") { json };
        command.SetAction(parsed => Run(Diagnosis.Make(CommonOptions.EngineOptionsOf(parsed)), parsed.GetValue(json), console));
        return command;
    }

    /// <summary>Prints a diagnosis; fails if the device that was asked for cannot be used.</summary>
    internal static int Run(Diagnosis diagnosis, bool json, CliConsole console)
    {
        DoctorResult result = DoctorResult.From(diagnosis);
        if (json)
            console.Output.WriteLine(CliJson.Write(result, CliJson.Relaxed.DoctorResult));
        else
            DoctorText.Write(result, console.Output);
        if (diagnosis.Failure is not { } failure)
            return ExitCodes.Success;
        console.Error.WriteLine(failure);
        return ExitCodes.Failure;
    }
}
