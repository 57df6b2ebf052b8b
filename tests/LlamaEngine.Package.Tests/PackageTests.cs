using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Xunit;

namespace LlamaEngine.Package.Tests;

/// <summary>
/// Packs the SDK and the demo model as the build does, and uses the packages as a stranger would: from an empty project
/// outside the repository, with a packages folder of its own.
/// </summary>
public sealed class PackageTests(PackedFolder packed) : IClassFixture<PackedFolder>
{
    [Fact]
    public async Task A_new_project_restores_the_packages_and_the_demo_model_answers()
    {
        await using TemporaryFolder project = new();
        project.Write("nuget.config", packed.NuGetConfiguration);
        project.Write("App.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="LlamaEngine" Version="{PackedFolder.Version}" />
                <PackageReference Include="LlamaEngine.Lexicon" Version="{PackedFolder.Version}" />
              </ItemGroup>
            </Project>
            """);
        project.Write("Program.cs", """
            using LlamaEngine;

            await using InferenceEngine engine = InferenceEngine.Create();
            Completion completion = await engine.CompleteAsync(Prompt.FromUser("What is a camera?"));
            Console.WriteLine(completion.Text);
            """);

        string output = await DotNet.RunAsync(project.Path, "run", "--project", System.IO.Path.Combine(project.Path, "App.csproj"));

        Assert.Equal("camera (noun): equipment for taking photographs.", output.Trim());
    }

    [Theory]
    [InlineData("LlamaEngine", "README.md", "lib/net10.0/LlamaEngine.dll", "lib/net10.0/LlamaEngine.xml")]
    [InlineData("LlamaEngine.Lexicon", "PACKAGE.md", "models/lexicon-5m-q8_0.gguf", "models/LICENSE-WordNet.txt", "buildTransitive/LlamaEngine.Lexicon.targets")]
    public async Task A_package_holds_its_files_a_readme_and_a_licence(string id, string readme, params string[] files)
    {
        using ZipArchive package = await ZipFile.OpenReadAsync(packed.FileOf(id, "nupkg"), TestContext.Current.CancellationToken);

        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        Assert.All([readme, .. files], file => Assert.Contains(file, names));
        XDocument manifest = XDocument.Load(await package.GetEntry(id + ".nuspec")!.OpenAsync(TestContext.Current.CancellationToken));
        string? Field(string name) => manifest.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
        Assert.Equal("Apache-2.0", Field("license"));
        Assert.Equal(readme, Field("readme"));
        Assert.False(string.IsNullOrWhiteSpace(Field("description")));
    }

    [Fact]
    public async Task The_SDK_carries_the_kernels_for_both_targets()
    {
        Assert.SkipUnless(PackedFolder.HasKernels, "needs the CUDA kernels, which were not built here");
        using ZipArchive package = await ZipFile.OpenReadAsync(packed.FileOf("LlamaEngine", "nupkg"), TestContext.Current.CancellationToken);
        using MemoryStream assembly = new();
        await using (Stream entry = await package.GetEntry("lib/net10.0/LlamaEngine.dll")!.OpenAsync(TestContext.Current.CancellationToken))
            await entry.CopyToAsync(assembly, TestContext.Current.CancellationToken);
        assembly.Position = 0;
        using PEReader reader = new(assembly);
        MetadataReader metadata = reader.GetMetadataReader();

        string[] names = [.. metadata.ManifestResources.Select(handle => metadata.GetString(metadata.GetManifestResource(handle).Name))];

        Assert.Contains("LlamaEngine.Kernels.sm_80.ptx.gz", names);
        Assert.Contains("LlamaEngine.Kernels.sm_90a.ptx.gz", names);
    }

    [Fact]
    public async Task A_package_without_kernels_is_refused()
    {
        await using TemporaryFolder empty = new();

        string output = await DotNet.RunToFailureAsync(empty.Path, "pack", System.IO.Path.Combine(PackedFolder.Repository, "src", "LlamaEngine"),
            "--no-build", "--configuration", PackedFolder.Configuration, "--output", empty.Path, $"-p:KernelFolder={empty.Path}/");

        Assert.Contains("no CUDA kernels", output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(empty.Path, "*.nupkg"));
    }

    [Fact]
    public async Task The_SDK_has_a_symbols_package()
    {
        using ZipArchive symbols = await ZipFile.OpenReadAsync(packed.FileOf("LlamaEngine", "snupkg"), TestContext.Current.CancellationToken);
        Assert.Contains("lib/net10.0/LlamaEngine.pdb", symbols.Entries.Select(entry => entry.FullName));
    }
}
