namespace LlamaEngine.Build;

/// <summary>Builds what CMakeLists.txt describes into artifacts/native: the CUDA kernels as PTX, and the software CUDA device.</summary>
internal static class NativeCode
{
    /// <summary>The targets of the kernels.</summary>
    public static readonly string[] KernelTargets = ["sm_80", "sm_90a"];

    /// <summary>The driver library that the software device is.</summary>
    public static string SoftwareDeviceOf(Repository repository) => Path.Combine(FolderOf(repository), "libcuda-simt.so");

    /// <summary>The kernels for one target.</summary>
    public static string KernelsOf(Repository repository, string target) => Path.Combine(FolderOf(repository), "kernels", target + ".ptx");

    /// <summary>True if the kernels were built for all targets.</summary>
    public static bool HasKernels(Repository repository) => KernelTargets.All(target => File.Exists(KernelsOf(repository, target)));

    /// <summary>Builds everything; installs tools that are missing where it may, and fails if one is missing then.</summary>
    public static int Build(Repository repository)
    {
        NativeTool[] missing = NativeTools.Install(NativeTools.FindMissing());
        if (missing is not [])
        {
            throw new BuildException($"The target 'native' needs what is missing here: {missing.Packages()} " +
                $"(Debian, Ubuntu: apt-get install {missing.Packages()}). The other targets do without.");
        }
        Shell.Require("cmake", ConfigureArguments(repository, missing));
        Shell.Require("cmake", BuildArguments(repository));
        return 0;
    }

    /// <summary>
    /// Builds what can be built with the tools that are there; a line says what was left out, and nothing else is printed unless it
    /// fails. Continuous integration installs the tools first, where it may.
    /// </summary>
    /// <returns>The tools that are missing.</returns>
    public static NativeTool[] BuildIfPossible(Repository repository)
    {
        NativeTool[] missing = NativeTools.FindMissing();
        if (Environment.GetEnvironmentVariable("CI") == "true")
            missing = NativeTools.Install(missing);
        string[] left = [.. ((string[])[NativeTools.Kernels, NativeTools.SoftwareDevice]).Where(part => missing.Prevents(part))];
        if (left is not [])
            Console.Error.WriteLine($"Left out: {string.Join(" and ", left)}; missing: {missing.Packages()} (./build.sh native builds them).");
        if (left.Length == 2)
            return missing;
        RequireQuietly(ConfigureArguments(repository, missing));
        RequireQuietly(BuildArguments(repository));
        return missing;
    }

    private static string FolderOf(Repository repository) => Path.Combine(repository.Artifacts, "native");

    private static string[] ConfigureArguments(Repository repository, NativeTool[] missing)
    {
        string Switch(string part, bool wanted) => !wanted || missing.Prevents(part) ? "OFF" : "ON";
        string[] generator = OperatingSystem.IsWindows() || Shell.Exists("make") ? [] : ["-G", "Ninja"];
        return
        [
            "-S", repository.Root, "-B", FolderOf(repository), .. generator, "-DCMAKE_BUILD_TYPE=" + Repository.Configuration,
            "-DLLAMAENGINE_KERNELS=" + Switch(NativeTools.Kernels, wanted: true),
            "-DLLAMAENGINE_SIMT=" + Switch(NativeTools.SoftwareDevice, NativeTools.RunsSoftwareDevice),
        ];
    }

    private static string[] BuildArguments(Repository repository) =>
        ["--build", FolderOf(repository), "--config", Repository.Configuration, "--parallel", $"{Environment.ProcessorCount}"];

    private static void RequireQuietly(string[] arguments)
    {
        (int exitCode, string output) = Shell.Capture("cmake", arguments);
        if (exitCode != 0)
            throw new BuildException($"{output}\nFailed with exit code {exitCode}: cmake {string.Join(' ', arguments)}");
    }
}
