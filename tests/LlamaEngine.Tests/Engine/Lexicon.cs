namespace LlamaEngine.Tests.Engine;

/// <summary>The demo model, which the repository holds.</summary>
internal static class Lexicon
{
    public static string Model => Path.Combine(SharedData.Repository, "assets", "lexicon-5m-q8_0.gguf");

    /// <summary>
    /// For tests of what the engine does around a network: Lexicon, or on the software device, which would take minutes, a part of it that has
    /// the same vocabulary, template and context.
    /// </summary>
    public static string StandIn => TestDevice.IsSoftware ? LexiconSlice.Path : Model;

    public static string Greedy => SharedData.Own("lexicon", "greedy.json");
}
