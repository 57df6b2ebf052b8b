using LlamaEngine.Backends.Cpu;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Devices;
using LlamaEngine.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.Backends;

/// <summary>Makes the backend of the device that is chosen, and logs why it is that one.</summary>
internal static class BackendSelector
{
    /// <summary>Makes the backend the options ask for.</summary>
    /// <exception cref="DeviceUnavailableException">The device asked for by name cannot be used.</exception>
    public static IBackend Create(EngineOptions options)
    {
        ILogger logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger(typeof(InferenceEngine).FullName!);
        DeviceChoice choice = DeviceSurvey.Choose(options);
        foreach (DeviceProblem problem in choice.Problems)
            Log.DeviceProblem(logger, problem.What, problem.Remedy);
        if (choice.Failure is { } failure)
            throw failure;
        IBackend backend = choice.Ordinal is { } ordinal ? CreateCuda(options, ordinal) : CreateCpu(options);
        Log.DeviceChosen(logger, backend.Description, choice.Reason);
        return backend;
    }

    private static CpuBackend CreateCpu(EngineOptions options) => new(new CpuOptions
    {
        Threads = options.Threads ?? ProcessorBudget.AvailableProcessors(),
        QuantizedActivations = options.QuantizedActivations,
    });

    private static CudaBackend CreateCuda(EngineOptions options, int ordinal) =>
        new(new CudaOptions { Ordinal = ordinal, BatchInvariant = options.BatchInvariant, RoundsActivations = options.QuantizedActivations });
}
