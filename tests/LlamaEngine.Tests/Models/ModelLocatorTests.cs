using LlamaEngine.Models;

namespace LlamaEngine.Tests.Models;

/// <summary>Which model is loaded when none is named.</summary>
public sealed class ModelLocatorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-engine-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_path_given_wins()
    {
        string given = MakeFile("given.gguf");
        Assert.Equal(given, ModelLocator.Resolve(given, MakeFile("named.gguf"), MakeFile("demo.gguf")));
    }

    [Fact]
    public void Then_the_environment_then_the_demo_model()
    {
        string named = MakeFile("named.gguf"), demo = MakeFile("demo.gguf");
        Assert.Equal(named, ModelLocator.Resolve(null, named, demo));
        Assert.Equal(demo, ModelLocator.Resolve(null, null, demo));
        Assert.Equal(demo, ModelLocator.Resolve(null, "", demo));
    }

    [Fact]
    public void What_is_missing_is_named_with_the_way_out()
    {
        string missing = Path.Combine(_folder, "missing.gguf");
        Assert.Contains(missing, Assert.Throws<FileNotFoundException>(() => ModelLocator.Resolve(missing, null, missing)).Message);
        string named = Assert.Throws<FileNotFoundException>(() => ModelLocator.Resolve(null, missing, missing)).Message;
        Assert.Contains(ModelLocator.EnvironmentVariable, named);
        string none = Assert.Throws<FileNotFoundException>(() => ModelLocator.Resolve(null, null, missing)).Message;
        Assert.Contains("LlamaEngine.Lexicon", none);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        EngineOptions[] bad =
        [
            new() { Threads = 0 }, new() { ContextLength = 0 }, new() { MaxBatchTokens = 0 }, new() { Device = (DeviceKind)9 },
            new() { KvCacheType = (KvCacheType)9 },
        ];
        foreach (EngineOptions options in bad)
            Assert.Throws<ArgumentOutOfRangeException>(() => InferenceEngine.Create(options));
    }

    [Fact]
    public void Cuda_is_an_error_and_no_fallback()
    {
        string model = SharedData.Own("models", "gqa-tied", "model.gguf");
        var refused = Assert.Throws<DeviceUnavailableException>(
            () => InferenceEngine.Create(new EngineOptions { ModelPath = model, Device = DeviceKind.Cuda, DeviceOrdinal = 1023 }));
        Assert.Equal("cuda:1023", refused.Requested);
    }

    [Fact]
    public void A_context_longer_than_the_models_is_refused_with_both_numbers()
    {
        string model = SharedData.Own("models", "gqa-tied", "model.gguf");
        var refused = Assert.Throws<ContextLengthExceededException>(
            () => InferenceEngine.Create(new EngineOptions { ModelPath = model, ContextLength = 1_000_000 }));
        Assert.Equal(1_000_000, refused.RequestedTokens);
    }

    private string MakeFile(string name)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, []);
        return path;
    }
}
