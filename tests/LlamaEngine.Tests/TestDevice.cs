using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Tests;

/// <summary>
/// The device that tests with the trait <c>Device = Any</c> run on: the processor, or, where the environment variable
/// LLAMAENGINE_TEST_DEVICE is <c>cuda</c>, a GPU or the software device.
/// </summary>
internal static class TestDevice
{
    /// <summary>The trait's name and value.</summary>
    public const string Trait = "Device", Any = "Any";

    /// <summary>Tests run on CUDA.</summary>
    public static bool IsCuda { get; } = Environment.GetEnvironmentVariable("LLAMAENGINE_TEST_DEVICE") == "cuda";

    /// <summary>Tests run on the software device, which is a thousand times slower than what it stands for.</summary>
    public static bool IsSoftware => IsCuda && CudaDriver.IsSoftware;

    /// <summary>Skips the running test on the software device.</summary>
    public static void SkipOnSoftware(string what) => Assert.SkipWhen(IsSoftware, $"{what}: minutes on the software device; a GPU runs it");

    /// <summary>
    /// Options for the device under test. What tests compare bit for bit must not depend on what else is computed; that has to be asked for on a GPU.
    /// </summary>
    public static EngineOptions On(EngineOptions options) =>
        IsCuda ? options with { Device = DeviceKind.Cuda, BatchInvariant = true } : options;
}

/// <summary>Makes engines on the device under test.</summary>
internal static class TestEngine
{
    public static InferenceEngine Create(EngineOptions options) => InferenceEngine.Create(TestDevice.On(options));

    public static InferenceEngine Create(string model) => Create(new EngineOptions { ModelPath = model });

    public static Task<InferenceEngine> CreateAsync(
        EngineOptions options, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        InferenceEngine.CreateAsync(TestDevice.On(options), progress, cancellation);
}
