using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Devices;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Asks the CUDA driver what there is. Never fails: what is missing stands in the report.</summary>
internal static class CudaDriverProbe
{
    /// <summary>What the driver says now.</summary>
    public static CudaDriverReport Probe()
    {
        CudaDriverReport report = new()
        {
            Library = CudaDriver.LibraryName,
            LibraryIsChosen = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(CudaDriver.LibraryVariable)),
            IsLoaded = CudaDriver.LibraryFound,
            Version = CudaDriver.Version > 0 ? CudaDriver.Version : null,
            HasKernels = KernelSet.AreEmbedded,
        };
        if (!report.IsLoaded)
            return report;
        try
        {
            return CudaDriver.Problem is { } problem
                ? report with { Fault = problem.TrimEnd('.') }
                : report with { Devices = [.. Enumerable.Range(0, CudaDriver.DeviceCount).Select(Describe)] };
        }
        catch (Exception exception) when (exception is LlamaEngineException or EntryPointNotFoundException)
        {
            return report with { Fault = exception.Message.TrimEnd('.') };
        }
    }

    /// <summary>Memory of a device that nobody has taken, asked in a context of its own; null if the driver does not say.</summary>
    public static long? FreeBytes(int ordinal)
    {
        try
        {
            using CudaContext context = CudaContext.Open(ordinal);
            return context.Memory().Free;
        }
        catch (LlamaEngineException)
        {
            return null;
        }
    }

    private static CudaDeviceFacts Describe(int ordinal)
    {
        CudaDevice device = CudaDevice.Get(ordinal);
        return new CudaDeviceFacts(
            ordinal, device.Name, $"GPU-{device.Uuid}", device.ComputeCapability, device.MemoryBytes, CudaDriver.IsSoftware);
    }
}
