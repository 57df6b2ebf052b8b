using System.Runtime.InteropServices;
using System.Text;

namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>The driver's library: found and initialized when it is first asked for, so that a machine without a GPU needs nothing.</summary>
/// <remarks>Thread-safe. What was found holds for the life of the process, as the driver itself does.</remarks>
internal static unsafe class CudaDriver
{
    /// <summary>Path of another library that exports the driver API: the software device, say.</summary>
    public const string LibraryVariable = "LLAMAENGINE_CUDA_LIBRARY";

    private static readonly Lazy<DriverState> s_state = new(Load);

    /// <summary>Why there is no usable driver; null: there is one.</summary>
    public static string? Problem => s_state.Value.Problem;

    /// <summary>The library that was asked for.</summary>
    public static string LibraryName => s_state.Value.LibraryName;

    /// <summary>Whether the library is there, usable or not.</summary>
    public static bool LibraryFound => s_state.Value.Library != 0;

    /// <summary>Whether it is the software device of the tests.</summary>
    public static bool IsSoftware => s_state.Value.LastReport != 0;

    /// <summary>The version of the driver API: 1000 · major + 10 · minor; 0 without a library.</summary>
    public static int Version => s_state.Value.Version;

    /// <summary>Devices the driver shows to this process; 0 where there is no driver.</summary>
    public static int DeviceCount
    {
        get
        {
            if (Problem is not null)
                return 0;
            int count;
            CudaStatus.Check(NativeMethods.DeviceGetCount(&count), "cuDeviceGetCount");
            return count;
        }
    }

    /// <summary>Refuses to go on without a driver.</summary>
    /// <exception cref="DeviceUnavailableException">There is no usable driver.</exception>
    public static void Require()
    {
        if (Problem is { } problem)
            throw new DeviceUnavailableException("cuda", "cpu", problem);
    }

    /// <summary>What the software device says about its last error; empty on silicon.</summary>
    internal static string SoftwareReport()
    {
        if (s_state is not { IsValueCreated: true, Value.LastReport: var address and not 0 })
            return "";
        const int Room = 4096;
        byte* text = stackalloc byte[Room];
        text[0] = 0;
        ((delegate* unmanaged<byte*, nuint, void>)address)(text, Room);
        text[Room - 1] = 0;
        return Text(text);
    }

    /// <summary>A string of the driver.</summary>
    internal static string Text(byte* text) => text == null ? "" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static DriverState Load()
    {
        string? asked = Environment.GetEnvironmentVariable(LibraryVariable);
        string name = !string.IsNullOrEmpty(asked) ? asked : OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(name, out nint library))
        {
            string origin = string.IsNullOrEmpty(asked) ? "the CUDA driver's library" : $"the library that {LibraryVariable} names";
            return new DriverState(name, 0, 0, 0, $"{origin}, '{name}', was not found or cannot be loaded.");
        }
        NativeLibrary.SetDllImportResolver(
            typeof(NativeMethods).Assembly, (wanted, _, _) => wanted == NativeMethods.Library ? library : 0);
        NativeLibrary.TryGetExport(library, "simtLastReport", out nint lastReport);
        try
        {
            int status = NativeMethods.Initialize(0), version = 0;
            _ = NativeMethods.DriverGetVersion(&version);
            string? problem = status == 0 ? null : $"'{name}' was loaded, but cuInit failed with {CudaStatus.Describe(status)}.";
            return new DriverState(name, library, version, lastReport, problem);
        }
        catch (EntryPointNotFoundException exception)
        {
            return new DriverState(name, library, 0, lastReport, $"'{name}' is no CUDA driver: {exception.Message}");
        }
    }

    /// <param name="LibraryName">What was asked for.</param>
    /// <param name="Library">Its handle; 0: not there.</param>
    /// <param name="Version">The driver API's version.</param>
    /// <param name="LastReport">The software device's function that tells about its last error; 0 on silicon.</param>
    /// <param name="Problem">Why it cannot be used.</param>
    private sealed record DriverState(string LibraryName, nint Library, int Version, nint LastReport, string? Problem);
}
