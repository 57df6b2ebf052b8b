namespace LlamaEngine.Tests.Models;

/// <summary>
/// What rounding keys and values costs in logits; weights and activations are not rounded further, so nothing else does.
/// </summary>
/// <remarks>
/// Half precision and bfloat16 keep the bounds of such weights. Q8_0 rounds to ±1/254 of the largest of 32, twice bfloat16's 2⁻⁹ at
/// its worst: twice its bound on one logit, the same on the distribution. Found: 8.2e-4, 7.5e-3 and 1.7e-2; divergence up to 6e-5.
/// </remarks>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class GoldenKvTypeTests
{
    public static TheoryData<string> OwnModels => GoldenModelTests.OwnModels;

    public static TheoryData<string> SharedModels => GoldenModelTests.SharedModels;

    [Theory]
    [MemberData(nameof(OwnModels))]
    public Task Own_models_stay_within_the_bounds(string name) => Check(SharedData.Own("models", name));

    [Theory]
    [MemberData(nameof(SharedModels))]
    public Task Shared_models_stay_within_the_bounds(string name) => Check(SharedData.Shared("golden", "models", name));

    private static async Task Check(string folder)
    {
        GoldenLogits golden = GoldenLogits.Load(Path.Combine(folder, "tokens.json"), Path.Combine(folder, "logits.bin"));
        string gguf = Path.Combine(folder, "model.gguf"), model = File.Exists(gguf) ? gguf : folder;
        double before = 0;
        foreach ((KvCacheType type, double bound) in new[] { (KvCacheType.F16, 1e-3), (KvCacheType.BF16, 1e-2), (KvCacheType.Q8_0, 2e-2) })
        {
            float[] actual = await golden.ComputeAsync(model, new EngineOptions { KvCacheType = type, QuantizedActivations = false });
            double error = golden.MaxError(actual), divergence = golden.MeanDivergence(actual);
            Assert.True(error <= bound, $"{type}: error {error:E2}");
            Assert.True(divergence <= 1e-4, $"{type}: divergence {divergence:E2}");
            // Each is coarser than the one before: had the option been ignored, it would not be.
            Assert.True(error > before, $"{type}: error {error:E2} after {before:E2}");
            before = error;
        }
    }
}
