using System.CommandLine;

namespace LlamaEngine.Cli;

/// <summary>Creates the engine that a command line asks for, with a progress line while it loads.</summary>
internal static class EngineLoader
{
    /// <summary>Loads the model of --model on --device with --threads.</summary>
    public static Task<InferenceEngine> LoadAsync(
        ParseResult parsed, CliConsole console, string? model, int? contextLength, CancellationToken cancellationToken) =>
        LoadAsync(console, CommonOptions.EngineOptionsOf(parsed) with { ModelPath = model, ContextLength = contextLength }, cancellationToken);

    /// <summary>Loads the model that the options name.</summary>
    public static async Task<InferenceEngine> LoadAsync(CliConsole console, EngineOptions options, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(console);
        return await InferenceEngine.CreateAsync(options, progress, cancellationToken);
    }
}
