using System.CommandLine;
using LlamaEngine.Cli.Json;
using LlamaEngine.Formats;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>inspect</c>: what a model file holds, without touching its weights.</summary>
internal static class InspectCommand
{
    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        Option<string> model = CommonOptions.Model();
        Option<bool> json = CommonOptions.Json();
        Command command = new("inspect", "Tell what a model holds and what running it takes. All sizes are checked, no weights are read.")
        {
            model, json,
        };
        command.SetAction(parsed =>
        {
            using ModelFile file = ModelFile.Open(parsed.GetValue(model)!);
            ModelInspection inspection = ModelInspection.Of(file);
            if (parsed.GetValue(json))
                console.Output.WriteLine(CliJson.Write(inspection.ToJson(), CliJson.Relaxed.JsonNode));
            else
                InspectionText.Write(inspection, console.Output);
            return ExitCodes.Success;
        });
        return command;
    }
}
