using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Clients;

/// <summary>An engine over the demo model, shared by the tests of a class.</summary>
public sealed class LexiconEngine : IDisposable
{
    public const string Camera = "What is a camera?", CameraAnswer = "camera (noun): equipment for taking photographs.";

    public InferenceEngine Engine { get; } = TestEngine.Create(Lexicon.Model);

    public void Dispose() => Engine.Dispose();
}
