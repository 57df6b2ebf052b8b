using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace LlamaEngine.Build;

/// <summary>What a run of tests reported: xunit's XML (version 2 and later) or CTest's (JUnit's format).</summary>
/// <param name="Project">Name of the project, and of the device where it is another than the CPU.</param>
/// <param name="Passed">Tests that passed.</param>
/// <param name="Failed">Tests that failed, errors outside of tests included.</param>
/// <param name="SkipReasons">Why each skipped test was skipped.</param>
/// <param name="Problem">What went wrong with the run as a whole; null if nothing did.</param>
internal sealed record TestReport(string Project, int Passed, int Failed, IReadOnlyList<string> SkipReasons, string? Problem)
{
    /// <summary>Tests that were skipped.</summary>
    public int Skipped => SkipReasons.Count;

    /// <summary>Tests ran, none failed, and the run came to its end.</summary>
    public bool Succeeded => Failed == 0 && Problem is null && Passed + Skipped > 0;

    /// <summary>A run that this machine cannot do: one skipped test, so that the totals show it.</summary>
    public static TestReport NotRun(string project, string reason) => new(project, 0, 0, [reason], null);

    /// <summary>Reads a report; a run that left none, or failed without a failed test, counts as one failure.</summary>
    public static TestReport Read(string project, string file, int exitCode)
    {
        if (exitCode == Shell.TimedOut)
            return Broken(project, "ran past its time limit and was killed");
        if (!File.Exists(file))
            return Broken(project, $"ended with exit code {exitCode} and no report");
        try
        {
            XDocument document = XDocument.Load(file);
            TestReport report = document.Root!.Name == "testsuite" ? ParseCTest(project, document.Root) : Parse(project, document);
            return report with { Problem = report.FindProblem(exitCode) } is { Problem: not null, Failed: 0 } broken
                ? broken with { Failed = 1 }
                : report;
        }
        catch (XmlException exception)
        {
            return Broken(project, $"ended with exit code {exitCode} and a damaged report: {exception.Message}");
        }
    }

    /// <summary>Prints the totals, with every reason for skipping once.</summary>
    public void Print()
    {
        Console.WriteLine($"{Project}: {Passed} passed, {Failed} failed, {Skipped} skipped{(Problem is null ? "" : $" - {Problem}")}");
        foreach (IGrouping<string, string> reason in SkipReasons.GroupBy(reason => reason).OrderByDescending(reason => reason.Count()))
            Console.WriteLine($"    {reason.Count()} skipped: {reason.Key}");
    }

    private static TestReport Broken(string project, string problem) => new(project, 0, 1, [], problem);

    private static TestReport Parse(string project, XDocument document)
    {
        XElement[] assemblies = [.. document.Descendants("assembly")];
        int Sum(string attribute) => assemblies.Sum(assembly => int.Parse(assembly.Attribute(attribute)?.Value ?? "0", CultureInfo.InvariantCulture));
        IEnumerable<XElement> skipped = document.Descendants("test").Where(test => test.Attribute("result")?.Value == "Skip");
        string[] reasons = [.. skipped.Select(test => test.Element("reason")?.Value.Trim() ?? "no reason given")];
        return new TestReport(project, Sum("passed"), Sum("failed") + Sum("errors"), reasons, null);
    }

    // The attributes of the whole count as skipped what could not be started; the exit code tells, and so do the tests.
    private static TestReport ParseCTest(string project, XElement suite)
    {
        XElement[] tests = [.. suite.Elements("testcase")];
        int Count(string status) => tests.Count(test => test.Attribute("status")?.Value == status);
        string[] reasons = [.. tests.Where(test => test.Attribute("status")?.Value is "notrun" or "disabled").Select(ReasonOf)];
        return new TestReport(project, Count("run"), tests.Length - Count("run") - reasons.Length, reasons, null);
    }

    // The last line that a test printed before it gave up, else what CTest says.
    private static string ReasonOf(XElement test)
    {
        string[] lines = (test.Element("system-out")?.Value ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.LastOrDefault() ?? test.Element("skipped")?.Attribute("message")?.Value ?? "no reason given";
    }

    private string? FindProblem(int exitCode)
    {
        if (Passed + Failed + Skipped == 0)
            return "ran no tests";
        return exitCode != 0 && Failed == 0 ? $"ended with exit code {exitCode} although no test failed" : null;
    }
}
