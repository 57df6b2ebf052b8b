using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>
/// The tests of the CUDA path run on the device that LLAMAENGINE_CUDA_LIBRARY names; where nobody set it, on the software device of this
/// checkout, if it was built; else on what the machine's driver offers.
/// </summary>
internal static class SoftwareDevice
{
    /// <summary>Where <c>./build.sh native</c> puts it.</summary>
    public static string Library => Path.Combine(SharedData.Repository, "artifacts", "native", "libcuda-simt.so");

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The driver is looked for once a process, before any test asks.")]
    internal static void Choose()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(CudaDriver.LibraryVariable)) && File.Exists(Library))
            Environment.SetEnvironmentVariable(CudaDriver.LibraryVariable, Library);
    }
}
