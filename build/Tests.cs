namespace LlamaEngine.Build;

/// <summary>Runs every test project and sums up.</summary>
internal static class Tests
{
    // A hung test must not outlive a continuous integration job; the whole suite takes minutes.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(20);

    /// <summary>Builds, runs all test projects, prints the totals of each and of all; 1 if a test failed or a project ran none.</summary>
    public static int Run(Repository repository, string[] arguments)
    {
        repository.Build();
        string reports = Path.Combine(repository.Artifacts, "tests");
        Directory.CreateDirectory(reports);
        TestReport[] results = [.. repository.FindProjects("*.Tests").Select(project => RunProject(project, reports, arguments))];

        Console.WriteLine();
        foreach (TestReport result in results)
            result.Print();
        Console.WriteLine();
        Console.WriteLine($"{results.Sum(r => r.Passed)} passed, {results.Sum(r => r.Failed)} failed, {results.Sum(r => r.Skipped)} skipped");
        return results.Length > 0 && results.All(result => result.Succeeded) ? 0 : 1;
    }

    // The projects are xunit.v3 programs; run directly they report whatever happens, and no test host stands in between.
    private static TestReport RunProject(string project, string reports, string[] arguments)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        string report = Path.Combine(reports, name + ".xml");
        File.Delete(report);
        Console.WriteLine();
        Console.WriteLine($"== {name}");
        int exitCode = Shell.Run("dotnet", [Repository.OutputOf(project), "-noLogo", "-noColor", "-xml", report, .. arguments], limit: s_limit);
        return TestReport.Read(name, report, exitCode);
    }
}
