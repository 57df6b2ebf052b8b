namespace LlamaEngine.Models;

/// <summary>Finds the model that <see cref="InferenceEngine.Create()"/> loads when none is named.</summary>
internal static class ModelLocator
{
    /// <summary>Names the model to load when the options do not.</summary>
    public const string EnvironmentVariable = "LLAMAENGINE_MODEL";

    /// <summary>Where the package LlamaEngine.Lexicon puts its model, beside the program.</summary>
    public static string DemoModelPath { get; } = Path.Combine(AppContext.BaseDirectory, "models", "lexicon-5m-q8_0.gguf");

    /// <summary>The path given, else the environment's, else the demo model's.</summary>
    /// <exception cref="FileNotFoundException">Nothing is named, or what is named is not there.</exception>
    public static string Resolve(string? modelPath) =>
        Resolve(modelPath, Environment.GetEnvironmentVariable(EnvironmentVariable), DemoModelPath);

    /// <summary>The same, with what the environment says and where the demo model would be.</summary>
    internal static string Resolve(string? modelPath, string? named, string demoModelPath)
    {
        if (modelPath is not null)
            return Existing(modelPath, $"The model '{modelPath}' does not exist.");
        if (!string.IsNullOrEmpty(named))
            return Existing(named, $"{EnvironmentVariable} names the model '{named}', which does not exist.");
        return Existing(
            demoModelPath,
            $"No model is named. Set EngineOptions.ModelPath or the environment variable {EnvironmentVariable} to a GGUF file "
            + "or a Hugging Face folder, or reference the package LlamaEngine.Lexicon for its demo model.");
    }

    private static string Existing(string path, string message) =>
        Path.Exists(path) ? path : throw new FileNotFoundException(message, path);
}
