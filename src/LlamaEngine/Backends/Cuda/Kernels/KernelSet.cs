using System.IO.Compression;
using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Kernels;

/// <summary>The kernels of this assembly, or of a folder that LLAMAENGINE_PTX names, loaded onto a device.</summary>
/// <remarks>
/// Two sets of PTX are embedded, packed: a baseline for every device from compute capability 8.0 on, and one for exactly 9.0, whose instructions
/// no later device promises to have. Launchers ask for their kernels once and keep them; each is a module of its own, see <see cref="PtxLibrary"/>.
/// </remarks>
internal sealed class KernelSet : IDisposable
{
    /// <summary>The oldest driver: 12.0, which compiles PTX of both sets.</summary>
    public const int OldestDriver = 12000;

    /// <summary>A folder with <c>sm_80.ptx</c> and <c>sm_90a.ptx</c> to load instead of the embedded sets: another compiler's, say.</summary>
    public const string FolderVariable = "LLAMAENGINE_PTX";

    private static readonly Version s_oldestDevice = new(8, 0), s_hopper = new(9, 0);

    private readonly CudaContext _context;
    private readonly PtxLibrary _library;
    private readonly Dictionary<string, (CudaModule Module, CudaKernel Kernel)> _loaded = [];

    private KernelSet(CudaContext context, string target, PtxLibrary library)
    {
        _context = context;
        Target = target;
        _library = library;
    }

    /// <summary>What the set was compiled for, for example <c>sm_80</c>.</summary>
    public string Target { get; }

    /// <summary>Loads the set that fits a device.</summary>
    /// <exception cref="DeviceUnavailableException">Driver or device are too old, or the assembly was built without kernels.</exception>
    public static KernelSet Load(CudaContext context)
    {
        string requested = $"cuda:{context.Device.Ordinal}", found = $"{context.Device.Name}, compute capability {context.Device.ComputeCapability}";
        if (Obstacle(CudaDriver.Version, context.Device.ComputeCapability) is { } obstacle)
            throw new DeviceUnavailableException(requested, found, obstacle);
        string target = TargetFor(context.Device.ComputeCapability);
        byte[] ptx = Find(target) ?? throw new DeviceUnavailableException(requested, found, Folder is { } folder
            ? $"the folder that {FolderVariable} names, '{folder}', has no {target}.ptx."
            : $"this LlamaEngine was built without CUDA kernels (its assembly has none for {target}).");
        return new KernelSet(context, target, new PtxLibrary(ptx));
    }

    /// <summary>Whether there are kernels at all.</summary>
    public static bool AreEmbedded => Folder is { } folder
        ? File.Exists(Path.Combine(folder, "sm_80.ptx"))
        : typeof(KernelSet).Assembly.GetManifestResourceInfo(ResourceOf("sm_80")) is not null;

    private static string? Folder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : null;

    /// <summary>Names of all kernels.</summary>
    public IReadOnlyCollection<string> Names => _library.Names;

    /// <summary>A kernel by name; the driver compiles it when it is asked for first.</summary>
    /// <exception cref="CudaException">There is none of this name.</exception>
    public CudaKernel Get(string name)
    {
        lock (_loaded)
        {
            if (_loaded.TryGetValue(name, out var known))
                return known.Kernel;
            byte[] ptx = _library.ModuleOf(name)
                ?? throw CudaStatus.Exception(CudaStatus.NotFound, "cuModuleGetFunction", $"The kernel asked for is '{name}'.");
            CudaModule module = CudaModule.Load(_context, ptx);
            try
            {
                CudaKernel kernel = module.GetKernel(name);
                _loaded.Add(name, (module, kernel));
                return kernel;
            }
            catch
            {
                module.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((CudaModule module, _) in _loaded.Values)
            module.Dispose();
        _loaded.Clear();
    }

    /// <summary>The set for a device of a compute capability.</summary>
    internal static string TargetFor(Version computeCapability) => computeCapability == s_hopper ? "sm_90a" : "sm_80";

    /// <summary>What keeps our kernels from a driver and a device: what is there and what is needed; null: nothing.</summary>
    internal static string? Obstacle(int driver, Version computeCapability)
    {
        if (driver < OldestDriver)
            return $"the driver supports CUDA {driver / 1000}.{driver % 1000 / 10}, but 12.0 or newer is needed: install a newer NVIDIA driver.";
        return computeCapability < s_oldestDevice
            ? $"the device has compute capability {computeCapability}, but 8.0 (Ampere) or newer is needed."
            : null;
    }

    /// <summary>The PTX for a target; null: there is none.</summary>
    internal static byte[]? Find(string target)
    {
        if (Folder is { } folder)
        {
            string file = Path.Combine(folder, target + ".ptx");
            return File.Exists(file) ? File.ReadAllBytes(file) : null;
        }
        using Stream? packed = typeof(KernelSet).Assembly.GetManifestResourceStream(ResourceOf(target));
        if (packed is null)
            return null;
        using var unpacking = new GZipStream(packed, CompressionMode.Decompress);
        using var ptx = new MemoryStream();
        unpacking.CopyTo(ptx);
        return ptx.ToArray();
    }

    private static string ResourceOf(string target) => $"LlamaEngine.Kernels.{target}.ptx.gz";
}
