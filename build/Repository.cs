namespace LlamaEngine.Build;

/// <summary>The checkout: where things are in it, and how it is built as a whole.</summary>
internal sealed class Repository
{
    /// <summary>What the targets build.</summary>
    public const string Configuration = "Release";

    private const string Framework = "net10.0";

    private static readonly string[] s_quiet = ["--nologo", "--verbosity", "quiet"];

    private static readonly string[] s_folders = ["src", "tests", "samples", "benchmarks"];

    private Repository(string root) => Root = root;

    /// <summary>The folder of Engine.sln.</summary>
    public string Root { get; }

    /// <summary>The folder for everything that the targets produce.</summary>
    public string Artifacts => Path.Combine(Root, "artifacts");

    /// <summary>The solution of all projects.</summary>
    public string Solution => Path.Combine(Root, "Engine.sln");

    /// <summary>Finds the checkout that this program was built in.</summary>
    public static Repository Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
            folder = folder.Parent;
        return new Repository(folder?.FullName ?? throw new BuildException("Engine.sln was not found above the build program."));
    }

    /// <summary>Fetches the packages of all projects.</summary>
    public int Restore()
    {
        Shell.Require("dotnet", ["restore", Solution, .. s_quiet]);
        return 0;
    }

    /// <summary>Builds all projects.</summary>
    public int Build()
    {
        Shell.Require("dotnet", ["build", Solution, .. s_quiet, "--configuration", Configuration]);
        return 0;
    }

    /// <summary>Builds one project and what it references.</summary>
    public static void BuildProject(string project) =>
        Shell.Require("dotnet", ["build", project, .. s_quiet, "--configuration", Configuration]);

    /// <summary>Paths of all project files whose name fits, in order; this program's own is not among them.</summary>
    public string[] FindProjects(string pattern) =>
    [
        .. s_folders.Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern + ".csproj", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The file that building a project gives; its assembly usually has the project's name.</summary>
    public static string OutputOf(string project, string? assembly = null) => Path.Combine(
        Path.GetDirectoryName(project)!, "bin", Configuration, Framework, (assembly ?? Path.GetFileNameWithoutExtension(project)) + ".dll");
}
