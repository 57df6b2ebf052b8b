namespace LlamaEngine.Tests.Models;

/// <summary>Every quantized type against float32 arithmetic on its dequantized weights.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class GoldenQuantTests
{
    /// <summary>Type, and what llama.cpp reaches with 8-bit activations: largest error, mean divergence.</summary>
    public static TheoryData<string, double, double> Types => new()
    {
        { "F32", 4e-5, 1e-9 },
        { "F16", 8.2e-4, 1.9e-7 },
        { "BF16", 5.9e-3, 1.3e-5 },
        { "Q4_0", 2.3e-2, 1.7e-4 },
        { "Q4_1", 2.3e-2, 2.0e-4 },
        { "Q5_0", 2.2e-2, 1.8e-4 },
        { "Q5_1", 2.2e-2, 1.8e-4 },
        { "Q8_0", 2.7e-2, 1.9e-4 },
        { "Q2_K", 3.9e-2, 4.6e-4 },
        { "Q3_K", 3.4e-2, 3.6e-4 },
        { "Q4_K", 3.3e-2, 3.5e-4 },
        { "Q5_K", 4.5e-2, 4.2e-4 },
        { "Q6_K", 3.5e-2, 3.7e-4 },
        { "IQ4_NL", 3.1e-2, 3.4e-4 },
        { "IQ4_XS", 3.1e-2, 3.4e-4 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Quantized_activations_are_as_close_as_llama_cpp(string type, double error, double divergence)
    {
        string folder = Folder(type);
        GoldenLogits golden = Golden(folder, type);
        float[] actual = await golden.ComputeAsync(Path.Combine(folder, type + ".gguf"));
        // Tensor cores take half precision in attention, too: there the bound of such models holds.
        if (TestDevice.IsCuda && type == "F16")
            (error, divergence) = (1e-2 / 1.25, 1e-4 / 1.25);
        Assert.True(golden.MaxError(actual) <= 1.25 * error, $"error {golden.MaxError(actual):E2}");
        Assert.True(golden.MeanDivergence(actual) <= 1.25 * divergence, $"divergence {golden.MeanDivergence(actual):E2}");
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Float_activations_are_exact(string type, double error, double divergence)
    {
        _ = (error, divergence);
        string folder = Folder(type);
        GoldenLogits golden = Golden(folder, type);
        float[] actual = await golden.ComputeAsync(
            Path.Combine(folder, type + ".gguf"), new EngineOptions { QuantizedActivations = false, KvCacheType = KvCacheType.F32 });
        Assert.True(golden.MaxError(actual) <= 5e-5, $"error {golden.MaxError(actual):E2}");
    }

    private static GoldenLogits Golden(string folder, string type) =>
        GoldenLogits.Load(Path.Combine(folder, "tokens.json"), Path.Combine(folder, type + ".logits.bin"));

    private static string Folder(string type) => File.Exists(SharedData.Own("quants", "models", type + ".gguf"))
        ? SharedData.Own("quants", "models")
        : SharedData.Shared("golden", "quants", "models");
}
