namespace LlamaEngine.Build;

/// <summary>Builds and runs programs of this repository.</summary>
internal static class Programs
{
    /// <summary>Builds everything, the native parts first: the SDK carries the kernels.</summary>
    public static int BuildAll(Repository repository)
    {
        NativeCode.BuildIfPossible(repository);
        return repository.Build();
    }

    /// <summary>Runs the quickstart: the demo model answers, nothing is fetched but the packages.</summary>
    public static int RunDemo(Repository repository, string[] arguments) => Run(repository, "Quickstart", arguments);

    /// <summary>Measures single kernels (--kernel …, --gpu) or a model, by default random weights in the shape of a small one.</summary>
    public static int RunBench(Repository repository, string[] arguments)
    {
        if (arguments.Contains("--kernel") || arguments.Contains("--gpu"))
            return Run(repository, "LlamaEngine.Benchmarks", arguments);
        string[] model = arguments is [] ? ["--synthetic", "smollm2-135m:Q8_0"] : arguments;
        return Run(repository, "LlamaEngine.Cli", ["bench", .. model], assembly: "llama-engine");
    }

    /// <summary>Builds the project of this name and runs it where the caller stands.</summary>
    public static int Run(Repository repository, string name, string[] arguments, string? assembly = null)
    {
        if (repository.FindProjects(name) is not [string project, ..])
            throw new BuildException($"This checkout has no project {name}.");
        NativeCode.BuildIfPossible(repository);
        Repository.BuildProject(project);
        return Shell.Run("dotnet", [Repository.OutputOf(project, assembly), .. arguments]);
    }
}
