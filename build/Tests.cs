namespace LlamaEngine.Build;

/// <summary>Runs every test project, the SDK's once more on each other device, and sums up.</summary>
internal static class Tests
{
    // A hung test must not outlive a continuous integration job; the whole suite takes minutes.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(20);

    /// <summary>Builds, runs all test projects, prints the totals of each and of all; 1 if a test failed or a project ran none.</summary>
    public static int Run(Repository repository, string[] arguments)
    {
        NativeTool[] missing = NativeCode.BuildIfPossible(repository);
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            InstallNode();
            InstallChromium();
        }
        repository.Build();
        string reports = Path.Combine(repository.Artifacts, "tests");
        Directory.CreateDirectory(reports);
        string[] projects = repository.FindProjects("*.Tests");
        TestReport[] results =
        [
            .. projects.Select(project => RunProject(project, reports, arguments, null)),
            .. projects.Where(project => Path.GetFileNameWithoutExtension(project) == TestDevice.Project)
                .SelectMany(project => RunOnDevices(repository, project, reports, arguments, missing)),
            .. RunNative(repository, reports),
        ];

        Console.WriteLine();
        foreach (TestReport result in results)
            result.Print();
        Console.WriteLine();
        Console.WriteLine($"{results.Sum(r => r.Passed)} passed, {results.Sum(r => r.Failed)} failed, {results.Sum(r => r.Skipped)} skipped");
        return results.Length > 0 && results.All(result => result.Succeeded) ? 0 : 1;
    }

    // OpenAI's client for Node and a validator of JSON schemas run on it; without it their tests count as skipped.
    private static void InstallNode()
    {
        (string Program, string Package)[] needed = [("node", "nodejs"), ("npm", "npm")];
        string[] missing = [.. needed.Where(one => !Shell.Exists(one.Program)).Select(one => one.Package)];
        DebianPackages.TryInstall(missing, "tests of other programs' clients need", "--no-install-recommends");
    }

    // The tests of the chatbot's page look at it in this browser; without it they count as skipped.
    private static void InstallChromium()
    {
        if (!Shell.Exists("chromium"))
            DebianPackages.TryInstall(["chromium", "fonts-dejavu-core"], "tests of the page in a browser need", "--no-install-recommends");
    }

    private static IEnumerable<TestReport> RunOnDevices(Repository repository, string project, string reports, string[] arguments, NativeTool[] missing)
    {
        if (TestDevice.ReasonForNone(repository, missing) is { } reason)
            return [TestReport.NotRun($"{TestDevice.Project} on the software device", reason)];
        return TestDevice.Find(repository).Select(device => RunProject(project, reports, [.. device.Filter, .. arguments], device));
    }

    // The projects are xunit.v3 programs; run directly they report whatever happens, and no test host stands in between.
    private static TestReport RunProject(string project, string reports, string[] arguments, TestDevice? device)
    {
        string program = Path.GetFileNameWithoutExtension(project), name = device is null ? program : $"{program} on {device.Name}";
        string report = StartReport(name, reports);
        int exitCode = Shell.Run("dotnet", [Repository.OutputOf(project), "-noLogo", "-noColor", "-xml", report, .. arguments],
            limit: s_limit, environment: device?.Environment);
        return TestReport.Read(name, report, exitCode);
    }

    // What tests the software device itself, in C++.
    private static IEnumerable<TestReport> RunNative(Repository repository, string reports)
    {
        const string Name = "native";
        string folder = Path.GetDirectoryName(NativeCode.SoftwareDeviceOf(repository))!, list = Path.Combine(folder, "simt", "CTestTestfile.cmake");
        if (!File.Exists(NativeCode.SoftwareDeviceOf(repository)) || !File.Exists(list) || !File.ReadAllText(list).Contains("add_test(", StringComparison.Ordinal))
            return [];
        string report = StartReport(Name, reports);
        int exitCode = Shell.Run("ctest", ["--test-dir", folder, "--output-on-failure", "--no-tests=error", "--output-junit", report], limit: s_limit);
        return [TestReport.Read(Name, report, exitCode)];
    }

    private static string StartReport(string name, string reports)
    {
        string report = Path.Combine(reports, name.Replace(' ', '-') + ".xml");
        File.Delete(report);
        Console.WriteLine();
        Console.WriteLine($"== {name}");
        return report;
    }
}
