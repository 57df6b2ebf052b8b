using System.Collections.Immutable;
using System.Globalization;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Devices;

/// <summary>Whether there is a GPU that the kernels run on, and if not, what is in the way.</summary>
internal static class CudaReadiness
{
    private const int LeastDriver = KernelSet.OldestDriver;

    /// <summary>What the baseline kernels are compiled for.</summary>
    public static Version LeastCapability { get; } = new(8, 0);

    /// <summary>What is in the way of any CUDA device at all; null if there is one that can be used.</summary>
    public static DeviceProblem? Obstacle(DeviceFacts facts) =>
        Library(facts.Driver) ?? Driver(facts.Driver) ?? Visibility(facts) ?? Capability(facts.Driver.Devices) ?? Kernels(facts.Driver);

    /// <summary>What is in the way of one device; null if nothing is.</summary>
    public static DeviceProblem? Obstacle(CudaDeviceFacts device) => device.ComputeCapability >= LeastCapability
        ? null
        : new DeviceProblem(
            $"device {Describe(device)} has compute capability {device.ComputeCapability}, and {LeastCapability} or higher is needed",
            "Use a GPU of the Ampere generation or newer, or --device cpu.");

    /// <summary>A device for people.</summary>
    public static string Describe(CudaDeviceFacts device) => $"cuda:{device.Ordinal} ({device.Name})";

    /// <summary>12040 is 12.4.</summary>
    public static string VersionText(int version) => string.Create(CultureInfo.InvariantCulture, $"{version / 1000}.{version % 1000 / 10}");

    private static DeviceProblem? Library(CudaDriverReport driver)
    {
        if (driver.IsLoaded)
            return null;
        string why = driver.Fault is { } fault ? $": {fault}" : "";
        return driver.LibraryIsChosen
            ? new DeviceProblem(
                $"{CudaDriver.LibraryVariable} names {DeviceProblem.Quote(driver.Library)}, which cannot be loaded{why}",
                $"Correct {CudaDriver.LibraryVariable}, or unset it to use the driver of the system.")
            : new DeviceProblem(
                $"the CUDA driver's library {driver.Library} was not found{why}",
                "Install NVIDIA's driver on this machine, or pass its library into the container.");
    }

    // What the driver calls "no device" is the mask's doing more often than not.
    private static DeviceProblem? Visibility(DeviceFacts facts)
    {
        if (!facts.Driver.Devices.IsEmpty)
            return null;
        if (facts.Mask.ShowsNone && facts.Mask.Problem is null)
        {
            return new DeviceProblem(
                $"{CudaVisibleDevices.Variable} is {DeviceProblem.Quote(facts.Mask.Text!)} and hides every GPU",
                $"Unset {CudaVisibleDevices.Variable}, or ask SLURM for GPUs with --gres or --gpus-per-task.");
        }
        if (facts.Mask.ProblemWith(0, facts.MachineGpus) is { } problem)
            return problem with { What = problem.What.TrimEnd('.') };
        return new DeviceProblem(
            facts.Driver.Fault is { } fault ? $"the CUDA driver shows no GPU: {fault}" : "the CUDA driver shows no GPU",
            facts.Driver.LibraryIsChosen
                ? $"See whether {CudaDriver.LibraryVariable} names a CUDA driver, or unset it to use that of the system."
                : "See whether nvidia-smi lists a GPU, and whether the container or job was given one.");
    }

    private static DeviceProblem? Driver(CudaDriverReport driver) => driver.Version is { } version && version < LeastDriver
        ? new DeviceProblem(
            $"the driver is made for CUDA {VersionText(version)}, and {VersionText(LeastDriver)} or later is needed",
            "Update NVIDIA's driver to 525 or later.")
        : null;

    private static DeviceProblem? Capability(ImmutableArray<CudaDeviceFacts> devices) =>
        devices.Any(device => Obstacle(device) is null) ? null : Obstacle(devices[0]);

    private static DeviceProblem? Kernels(CudaDriverReport driver) => driver.HasKernels
        ? null
        : new DeviceProblem("LlamaEngine was built without CUDA kernels; run ./build.sh native, then build", "Run ./build.sh native, then build.");
}
