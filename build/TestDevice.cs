namespace LlamaEngine.Build;

/// <summary>A CUDA device that the SDK's tests run on, besides the CPU.</summary>
/// <param name="Name">What the totals call it.</param>
/// <param name="Environment">Variables that make the tests use it.</param>
/// <param name="Filter">Arguments that choose the tests which hold for it.</param>
internal sealed record TestDevice(string Name, IReadOnlyDictionary<string, string> Environment, string[] Filter)
{
    /// <summary>The project whose tests run on several devices.</summary>
    public const string Project = "LlamaEngine.Tests";

    private const string LibraryVariable = "LLAMAENGINE_CUDA_LIBRARY", SeedVariable = "LLAMAENGINE_SIMT_SEED";

    private static readonly string[] s_anyDevice = ["-trait", "Device=Any"], s_kernels = ["-namespace", $"{Project}.Backends.Cuda"];

    /// <summary>
    /// The library that the variable names and nothing else; without it the software device, if it was built, once as it is and once, for
    /// the kernels, with its threads in another order, and the GPU, if there is one.
    /// </summary>
    public static IEnumerable<TestDevice> Find(Repository repository)
    {
        if (System.Environment.GetEnvironmentVariable(LibraryVariable) is { Length: > 0 } named)
            return [Create($"the device of {Path.GetFileName(named)}", named)];
        string software = NativeCode.SoftwareDeviceOf(repository);
        TestDevice[] built =
        [
            Create("the software device", software),
            new("the software device, shuffled", new Dictionary<string, string> { [LibraryVariable] = software, [SeedVariable] = "1" }, s_kernels),
        ];
        if (!File.Exists(software))
            built = [];
        return HasGpu() ? built.Append(Create("the GPU", OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1")) : built;
    }

    /// <summary>Why the tests run on no CUDA device; null if they run on one.</summary>
    public static string? ReasonForNone(Repository repository, NativeTool[] missing)
    {
        if (missing is not [] && !(NativeCode.HasKernels(repository) && Find(repository).Any()))
            return $"needs the native parts, and these packages are missing: {missing.Packages()}";
        return !NativeCode.HasKernels(repository) ? "there are no kernels" : Find(repository).Any() ? null : "there is no software device";
    }

    private static TestDevice Create(string name, string library) =>
        new(name, new Dictionary<string, string> { ["LLAMAENGINE_TEST_DEVICE"] = "cuda", [LibraryVariable] = library }, s_anyDevice);

    // The driver's library may be there without a GPU, its device file not.
    private static bool HasGpu() => OperatingSystem.IsWindows()
        ? File.Exists(Path.Combine(System.Environment.SystemDirectory, "nvcuda.dll"))
        : File.Exists("/dev/nvidiactl");
}
