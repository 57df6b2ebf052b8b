using LlamaEngine.Backends.Cuda;

namespace LlamaEngine.Devices;

/// <summary>Looks at what this process may compute on.</summary>
internal static class DeviceSurvey
{
    /// <summary>The device for an engine; the driver is left alone where the CPU is asked for.</summary>
    public static DeviceChoice Choose(EngineOptions options) =>
        DeviceChooser.Choose(options, options.Device == DeviceKind.Cpu ? Look(CudaDriverReport.NotAsked) : Look());

    /// <summary>Everything there is to know.</summary>
    public static DeviceFacts Look() => Look(CudaDriverProbe.Probe());

    private static DeviceFacts Look(CudaDriverReport driver) => new()
    {
        Mask = CudaVisibleDevices.Read(),
        Slurm = SlurmEnvironment.Read(),
        Driver = driver,
        MachineGpus = NvidiaGpus.Uuids(SystemFiles.Machine),
    };
}
