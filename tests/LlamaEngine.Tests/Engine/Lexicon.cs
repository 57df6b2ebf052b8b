namespace LlamaEngine.Tests.Engine;

/// <summary>The demo model, which the repository holds.</summary>
internal static class Lexicon
{
    public static string Model => Path.Combine(SharedData.Repository, "assets", "lexicon-5m-q8_0.gguf");

    public static string Greedy => SharedData.Own("lexicon", "greedy.json");
}
