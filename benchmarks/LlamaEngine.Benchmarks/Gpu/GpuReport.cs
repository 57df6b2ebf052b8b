using System.Globalization;
using System.Text.Json;
using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>The figures as a table and as JSON, with device, driver, date and commit.</summary>
internal sealed class GpuReport(GpuRig rig, GpuArguments arguments, Measurement copy, Measurement fromHost, Measurement? cublas, string whyNoCublas)
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly string _date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Prints what was measured on, and the denominators.</summary>
    public void PrintHead()
    {
        CudaDevice device = rig.Context.Device;
        Console.WriteLine($"{device.Name}, compute capability {device.ComputeCapability}, {device.Multiprocessors} multiprocessors, " +
            $"{device.MemoryBytes / 1e9:F0} GB, CUDA {CudaDriver.Version / 1000}.{CudaDriver.Version % 1000 / 10}" + (CudaDriver.IsSoftware ? " (the software device: times mean nothing)" : ""));
        Console.WriteLine($"kernels for {rig.Kernels.Target}{Prefix(", by ", arguments.Kernels)}, {_date}{Prefix(", commit ", arguments.Commit)}{(arguments.Quick ? ", quick" : "")}");
        Console.WriteLine($"copy on the device {copy.GigabytesPerSecond:F0} GB/s (read and written), from pinned host memory {fromHost.GigabytesPerSecond:F1} GB/s, " +
            (cublas is null ? $"cuBLAS {whyNoCublas}" : $"cuBLAS {cublas.Teraflops:F0} TFLOP/s ({cublas.Case})"));
        Console.WriteLine();
        Console.WriteLine($"{"operation",-15} {"case",-62} {"us",11} {"GB/s",8} {"of copy",8} {"TFLOP/s",8} {"of cuBLAS",9}");
    }

    /// <summary>Prints a line.</summary>
    public void Print(Measurement line)
    {
        string bytes = line.Bytes > 0 ? $"{line.GigabytesPerSecond,8:F0} {line.Bytes / line.Seconds / (copy.Bytes / copy.Seconds),8:P0}" : new string(' ', 17);
        string operations = line.Operations > 0 ? $" {line.Teraflops,8:F1} {ShareOfCublas(line),9:P0}" : "";
        Console.WriteLine($"{line.Operation,-15} {line.Case,-62} {line.Seconds * 1e6,11:F1} {bytes}{operations}".TrimEnd());
    }

    /// <summary>Writes everything to a file.</summary>
    public void Write(string file, IEnumerable<Measurement> measurements)
    {
        CudaDevice device = rig.Context.Device;
        object report = new
        {
            Device = device.Name,
            Software = CudaDriver.IsSoftware,
            ComputeCapability = device.ComputeCapability.ToString(),
            device.Multiprocessors,
            device.MemoryBytes,
            Driver = $"CUDA {CudaDriver.Version / 1000}.{CudaDriver.Version % 1000 / 10}",
            KernelTarget = rig.Kernels.Target,
            arguments.Kernels,
            Date = _date,
            arguments.Commit,
            arguments.Quick,
            CopyGigabytesPerSecond = copy.GigabytesPerSecond,
            HostCopyGigabytesPerSecond = fromHost.GigabytesPerSecond,
            CublasTeraflops = cublas?.Teraflops,
            Measurements = measurements.Select(line => new
            {
                line.Operation,
                line.Case,
                line.Seconds,
                line.Bytes,
                line.Operations,
                ShareOfCopy = line.Bytes > 0 ? line.GigabytesPerSecond / copy.GigabytesPerSecond : (double?)null,
                ShareOfCublas = line.Operations > 0 ? ShareOfCublas(line) : null,
            }),
        };
        File.WriteAllText(file, JsonSerializer.Serialize(report, s_json));
    }

    private double? ShareOfCublas(Measurement line) => cublas is null ? null : line.Teraflops / cublas.Teraflops;

    private static string Prefix(string prefix, string text) => text == "" ? "" : prefix + text;
}
