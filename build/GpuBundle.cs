using System.Formats.Tar;
using System.IO.Compression;

namespace LlamaEngine.Build;

/// <summary>
/// Makes one archive for a GPU machine without a .NET SDK: self-contained programs, native sources, the kernels as clang built them, the
/// software device, small models, and the script that tests and measures there (benchmarks/gpu/run.sh).
/// </summary>
internal static class GpuBundle
{
    private const string Name = "llamaengine-gpu", Runtime = "linux-x64";

    private const long MostBytes = 60_000_000;

    // The bundle looks like a checkout to the tests: Engine.sln marks its root.
    private static readonly string[] s_files = ["Engine.sln", "CMakeLists.txt", "LICENSE", "assets/lexicon-5m-q8_0.gguf", "assets/LICENSE-WordNet.txt"];

    private static readonly string[] s_folders = ["native", "tests/data"];

    // Into one folder: they share the runtime, which is most of their size.
    private static readonly string[] s_programs = ["LlamaEngine.Cli", "LlamaEngine.Tests", "LlamaEngine.Benchmarks"];

    /// <summary>Builds everything that goes into the archive, and the archive.</summary>
    public static int Build(Repository repository)
    {
        NativeCode.Build(repository);
        string folder = Path.Combine(repository.Artifacts, "gpu-bundle", Name);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Publish(repository, Path.Combine(folder, "programs"));
        foreach (string file in s_files.Concat(s_folders.SelectMany(part => FilesUnder(repository, part))))
            Copy(Path.Combine(repository.Root, file), Path.Combine(folder, file));
        foreach (string target in NativeCode.KernelTargets)
            Copy(NativeCode.KernelsOf(repository, target), Path.Combine(folder, "kernels", "clang", target + ".ptx"));
        CopySoftwareDevice(repository, Path.Combine(folder, "software"));
        Copy(Path.Combine(repository.Root, "benchmarks", "gpu", "run.sh"), Path.Combine(folder, "run.sh"));
        Copy(Path.Combine(repository.Root, "docs", "gpu.md"), Path.Combine(folder, "README.md"));
        File.WriteAllText(Path.Combine(folder, "COMMIT"), FindCommit(repository) + "\n");
        return Archive(folder, Path.Combine(repository.Artifacts, "gpu-bundle.tar.gz"));
    }

    private static void Publish(Repository repository, string output)
    {
        foreach (string name in s_programs)
        {
            string project = repository.FindProjects(name).Single();
            // LlamaEngine.Tests uses another program as a library. What shares a runtime cannot be one image with it.
            Shell.Require("dotnet", "publish", project, "--nologo", "--verbosity", "quiet", "--configuration", Repository.Configuration,
                "--runtime", Runtime, "--self-contained", "--output", output,
                "-p:ValidateExecutableReferencesMatchSelfContained=false", "-p:PublishReadyToRun=false", "-p:DebugType=none", "-p:GenerateDocumentationFile=false");
        }
        // Messages in other languages, and what measures how much of the code tests reach.
        foreach (string folder in Directory.GetDirectories(output))
            Directory.Delete(folder, recursive: true);
        // For debuggers only.
        foreach (string file in (string[])["libmscordaccore.so", "libmscordbi.so", "createdump"])
            File.Delete(Path.Combine(output, file));
    }

    // With the library that not every machine has; CMakeLists.txt has it look beside itself.
    private static void CopySoftwareDevice(Repository repository, string output)
    {
        string library = NativeCode.SoftwareDeviceOf(repository);
        Copy(library, Path.Combine(output, Path.GetFileName(library)));
        (_, string needed) = Shell.Capture("ldd", [library]);
        foreach (string line in needed.Split('\n').Where(line => line.Contains("libboost_", StringComparison.Ordinal)))
        {
            // "\tlibboost_context.so.1.74.0 => /lib/…/libboost_context.so.1.74.0 (0x…)"
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Copy(words[2], Path.Combine(output, words[0]));
        }
    }

    private static IEnumerable<string> FilesUnder(Repository repository, string folder) =>
        Directory.EnumerateFiles(Path.Combine(repository.Root, folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(repository.Root, file));

    private static void Copy(string source, string destination)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
        File.Copy(source, destination, overwrite: true);
    }

    private static string FindCommit(Repository repository)
    {
        if (!Shell.Exists("git"))
            return "unknown";
        (int exitCode, string commit) = Shell.Capture("git", ["-C", repository.Root, "rev-parse", "--short=12", "HEAD"]);
        if (exitCode != 0)
            return "unknown";
        (_, string changes) = Shell.Capture("git", ["-C", repository.Root, "status", "--porcelain"]);
        return commit.Trim() + (changes.Trim() == "" ? "" : "-modified");
    }

    private static int Archive(string folder, string file)
    {
        using (FileStream stream = File.Create(file))
        using (GZipStream compressed = new(stream, CompressionLevel.SmallestSize))
            TarFile.CreateFromDirectory(folder, compressed, includeBaseDirectory: true);
        long bytes = new FileInfo(file).Length;
        if (bytes > MostBytes)
            throw new BuildException($"{file} has {bytes:N0} bytes; it may have {MostBytes:N0}.");
        Console.WriteLine($"{bytes,12:N0}  {file}");
        return 0;
    }
}
