using System.IO.Compression;

namespace LlamaEngine.Build;

/// <summary>Makes the NuGet packages.</summary>
internal static class Packages
{
    // The earliest time a zip file can name.
    private static readonly DateTimeOffset s_zipEpoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Packs every packable project into an emptied artifacts/packages: the same sources give the same bytes.</summary>
    public static int Pack(Repository repository)
    {
        NativeCode.BuildIfPossible(repository);
        string output = Path.Combine(repository.Artifacts, "packages");
        if (Directory.Exists(output))
            Directory.Delete(output, recursive: true);
        // Only the projects under src/ are packable; pack passes over the others.
        Shell.Require("dotnet", "pack", repository.Solution, "--nologo", "--verbosity", "quiet", "--configuration", Repository.Configuration,
            "--output", output, "-p:ContinuousIntegrationBuild=true");
        foreach (FileInfo package in new DirectoryInfo(output).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            RemoveTimes(package.FullName);
            package.Refresh();
            Console.WriteLine($"{package.Length,12:N0}  {package.FullName}");
        }
        return 0;
    }

    // The compiler's output is deterministic already; what still differs between two runs are the times in the zip's entries.
    private static void RemoveTimes(string package)
    {
        using ZipArchive archive = ZipFile.Open(package, ZipArchiveMode.Update);
        foreach (ZipArchiveEntry entry in archive.Entries)
            entry.LastWriteTime = s_zipEpoch;
    }
}
