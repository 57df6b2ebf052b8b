using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace LlamaEngine.Build;

/// <summary>A tool that the native parts are built with.</summary>
/// <param name="Package">The Debian package that has it.</param>
/// <param name="Part">What cannot be built without it; null: nothing can.</param>
/// <param name="IsThere">Looks for it on this machine.</param>
internal sealed record NativeTool(string Package, string? Part, Func<bool> IsThere);

/// <summary>Which of the tools for the native parts this machine has, and how it gets the others.</summary>
internal static partial class NativeTools
{
    /// <summary>Names of the parts.</summary>
    public const string Kernels = "the CUDA kernels", SoftwareDevice = "the software CUDA device";

    // As native/kernels/CMakeLists.txt looks for them.
    private static readonly string[] s_clangs = ["clang-19", "clang-20", "clang-21", "clang-18", "clang++", "clang"];

    private const int OldestNvcc = 12, OldestClang = 18;

    private static readonly string[] s_cppCompilers = ["c++", "g++", "clang++"];

    private static readonly NativeTool[] s_all =
    [
        new("cmake", null, () => Shell.Exists("cmake")),
        new("make", null, () => OperatingSystem.IsWindows() || Shell.Exists("make") || Shell.Exists("ninja")),
        new("clang-19", Kernels, HasCudaCompiler),
        new("g++", SoftwareDevice, () => !RunsSoftwareDevice || s_cppCompilers.Any(Shell.Exists)),
        new("libboost-context-dev", SoftwareDevice, () => !RunsSoftwareDevice || HasBoostContext()),
    ];

    /// <summary>Whether the software device is for machines like this one.</summary>
    public static bool RunsSoftwareDevice => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Looks at this machine anew.</summary>
    public static NativeTool[] FindMissing() => [.. s_all.Where(tool => !tool.IsThere())];

    /// <summary>True if what is missing keeps this part from being built.</summary>
    public static bool Prevents(this IEnumerable<NativeTool> missing, string part) => missing.Any(tool => tool.Part is null || tool.Part == part);

    /// <summary>The packages of what is missing, for a message.</summary>
    public static string Packages(this IEnumerable<NativeTool> missing) => string.Join(' ', missing.Select(tool => tool.Package));

    /// <summary>Installs what is missing where this process may; returns what is missing afterwards.</summary>
    public static NativeTool[] Install(NativeTool[] missing)
    {
        if (missing is [])
            return missing;
        DebianPackages.TryInstall([.. missing.Select(tool => tool.Package)], "the native parts need");
        return FindMissing();
    }

    /// <summary>The major version that a compiler tells of itself, as in "19.1.7" or "Cuda compilation tools, release 12.8, V12.8.61".</summary>
    internal static int MajorVersion(string text)
    {
        Match match = Version().Match(text);
        return match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
    }

    // An old compiler is as good as none: a build without kernels is better than one that fails.
    private static bool HasCudaCompiler()
    {
        string[] nvccs = ["nvcc", "/usr/local/cuda/bin/nvcc"];
        return nvccs.Any(nvcc => IsThere(nvcc) && MajorVersion(Shell.Capture(nvcc, ["--version"]).Output) >= OldestNvcc)
            || s_clangs.Any(clang => IsThere(clang) && MajorVersion(Shell.Capture(clang, ["-dumpversion"]).Output) >= OldestClang
                && Shell.Capture(clang, ["--print-targets"]).Output.Contains("nvptx64", StringComparison.Ordinal));
    }

    private static bool IsThere(string program) => Path.IsPathRooted(program) ? File.Exists(program) : Shell.Exists(program);

    [GeneratedRegex(@"(?:release |^)(\d+)\.\d", RegexOptions.Multiline)]
    private static partial Regex Version();

    // The headers come with another package, so they alone say nothing.
    private static bool HasBoostContext()
    {
        string[] folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib", "/usr/local/lib64"];
        string[] names = ["libboost_context.so", "libboost_context.a"];
        return folders.Any(folder => names.Any(name => File.Exists(Path.Combine(folder, name))));
    }
}
