using LlamaEngine.Backends.Cpu;
using LlamaEngine.Devices;
using LlamaEngine.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.Backends;

/// <summary>Chooses the device that computes.</summary>
internal static class BackendSelector
{
    /// <summary>Makes the backend the options ask for.</summary>
    /// <exception cref="DeviceUnavailableException">The device asked for by name cannot be used.</exception>
    public static IBackend Create(EngineOptions options)
    {
        if (options.Device == DeviceKind.Cuda)
            throw new DeviceUnavailableException("cuda", "cpu", "this version of LlamaEngine has no CUDA backend.");
        var backend = new CpuBackend(new CpuOptions
        {
            Threads = options.Threads ?? ProcessorBudget.AvailableProcessors(),
            QuantizedActivations = options.QuantizedActivations,
        });
        ILogger logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger(typeof(InferenceEngine).FullName!);
        string reason = options.Device == DeviceKind.Auto ? "this version has no other backend" : "asked for";
        Log.DeviceChosen(logger, backend.Description, reason);
        return backend;
    }
}
