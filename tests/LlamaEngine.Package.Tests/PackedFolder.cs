using System.Reflection;
using Xunit;

namespace LlamaEngine.Package.Tests;

/// <summary>The packages, made once from what was built along with these tests.</summary>
public sealed class PackedFolder : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>A version no other package has, so that no cache can answer in place of what was just packed.</summary>
    public static string Version { get; } = $"0.0.0-test.{Environment.ProcessId}.{Environment.TickCount64}";

    /// <summary>Restores from this folder, and for dependencies from whatever this machine is set up with.</summary>
    public string NuGetConfiguration => $"""
        <configuration>
          <packageSources>
            <add key="packed" value="{_folder.Path}" />
          </packageSources>
          <fallbackPackageFolders>
            <add key="machine" value="{MachinePackages}" />
          </fallbackPackageFolders>
        </configuration>
        """;

    // Dependencies restored for this repository are taken from there, which also works offline.
    private static string MachinePackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>What these tests, and with them the packages' projects, were built as.</summary>
    public static string Configuration { get; } = typeof(PackedFolder).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>The checkout.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>True if the kernels were built, which needs a compiler that not every machine has.</summary>
    public static bool HasKernels { get; } = ((string[])["sm_80.ptx.gz", "sm_90a.ptx.gz"])
        .All(name => File.Exists(Path.Combine(Repository, "artifacts", "native", "kernels", name)));

    /// <summary>The file of a package.</summary>
    public string FileOf(string id, string extension) => Path.Combine(_folder.Path, $"{id}.{Version}.{extension}");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        foreach (string project in (string[])["LlamaEngine", "LlamaEngine.Lexicon"])
        {
            await DotNet.RunAsync(_folder.Path, "pack", Path.Combine(Repository, "src", project), "--no-build", "--configuration", Configuration,
                "--output", _folder.Path, $"-p:PackageVersion={Version}", $"-p:AllowPackageWithoutKernels={!HasKernels}");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    private static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Engine.sln was not found above the test's folder.");
    }
}
