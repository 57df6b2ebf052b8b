namespace LlamaEngine.Tests.Models;

/// <summary>The forward pass against transformers' float32 logits, for every variant of the family and both file forms.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class GoldenModelTests
{
    private const double FloatBound = 5e-5;

    /// <summary>Models under tests/data/models: always here.</summary>
    public static TheoryData<string> OwnModels => new(Directory.GetDirectories(SharedData.Own("models")).Select(Path.GetFileName)!);

    /// <summary>All models of the shared folder.</summary>
    public static TheoryData<string> SharedModels =>
    [
        "bf16", "bias", "f16", "gqa-tied", "head-dim", "long", "mha", "mistral-window", "mqa", "new-config", "odd-sizes",
        "rope-linear", "rope-llama3", "rope-yarn", "sharded-bf16",
    ];

    [Theory]
    [MemberData(nameof(OwnModels))]
    public Task Own_models_match_the_reference(string name) => CheckBothForms(SharedData.Own("models", name));

    [Theory]
    [MemberData(nameof(SharedModels))]
    public Task Shared_models_match_the_reference(string name) => CheckBothForms(SharedData.Shared("golden", "models", name));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Chunking_does_not_change_a_bit(int chunk)
    {
        GoldenLogits golden = Golden(GroupedQueries);
        float[] whole = await golden.ComputeAsync(GroupedQueriesFile, new EngineOptions { BatchInvariant = true });
        float[] chunked = await golden.ComputeAsync(GroupedQueriesFile, new EngineOptions { BatchInvariant = true, MaxBatchTokens = chunk });
        Assert.Equal(whole, chunked);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Threads_do_not_change_a_bit(int threads)
    {
        GoldenLogits golden = Golden(GroupedQueries);
        float[] one = await golden.ComputeAsync(GroupedQueriesFile, new EngineOptions { Threads = 1 });
        float[] several = await golden.ComputeAsync(GroupedQueriesFile, new EngineOptions { Threads = threads });
        Assert.Equal(one, several);
    }

    private static string GroupedQueries => SharedData.Own("models", "gqa-tied");

    private static string GroupedQueriesFile => Path.Combine(GroupedQueries, "model.gguf");

    private static GoldenLogits Golden(string folder) =>
        GoldenLogits.Load(Path.Combine(folder, "tokens.json"), Path.Combine(folder, "logits.bin"));

    private static async Task CheckBothForms(string folder)
    {
        GoldenLogits golden = Golden(folder);
        string gguf = Path.Combine(folder, "model.gguf");
        bool safetensors = Directory.EnumerateFiles(folder, "*.safetensors").Any();
        Assert.True(safetensors || File.Exists(gguf));
        if (safetensors)
            await Check(folder);
        if (File.Exists(gguf))
            await Check(gguf);

        async Task Check(string model)
        {
            // Activations are float32, so even half-precision weights stay within the bound of float32 ones. On a GPU they are so only if asked for.
            EngineOptions precise = new() { KvCacheType = KvCacheType.F32, QuantizedActivations = !TestDevice.IsCuda };
            float[] actual = await golden.ComputeAsync(model, precise);
            Assert.True(golden.MaxError(actual) <= FloatBound, $"{model}: error {golden.MaxError(actual):E2}");
            float[] byDefault = await golden.ComputeAsync(model);
            Assert.True(golden.MaxError(byDefault) <= 1e-2, $"{model}: error {golden.MaxError(byDefault):E2}");
            Assert.True(golden.MeanDivergence(byDefault) <= 1e-4, $"{model}: divergence {golden.MeanDivergence(byDefault):E2}");
        }
    }
}
