using Xunit;

namespace LlamaEngine.Build.Tests;

/// <summary>The totals that continuous integration believes: nothing that went wrong may look like success.</summary>
public sealed class TestReportTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void Passed_failed_and_skipped_tests_are_summed_over_assemblies()
    {
        TestReport report = Read(1, """
            <assemblies>
              <assembly total="5" passed="3" failed="1" skipped="1" errors="0">
                <collection>
                  <test name="a" result="Pass" />
                  <test name="b" result="Skip"><reason><![CDATA[ needs a file ]]></reason></test>
                </collection>
              </assembly>
              <assembly total="2" passed="2" failed="0" skipped="0" errors="1" />
            </assemblies>
            """);
        Assert.Equal((5, 2, 1), (report.Passed, report.Failed, report.Skipped));
        Assert.Equal(["needs a file"], report.SkipReasons);
        Assert.False(report.Succeeded);
    }

    [Fact]
    public void A_run_without_a_failure_succeeded()
    {
        TestReport report = Read(0, """<assemblies><assembly passed="3" failed="0" skipped="0" errors="0" /></assemblies>""");
        Assert.True(report.Succeeded);
        Assert.Null(report.Problem);
    }

    [Theory]
    [InlineData(0, """<assemblies><assembly passed="0" failed="0" skipped="0" errors="0" /></assemblies>""", "no tests")]
    [InlineData(0, "<assemblies />", "no tests")]
    [InlineData(3, """<assemblies><assembly passed="3" failed="0" skipped="0" errors="0" /></assemblies>""", "exit code 3")]
    [InlineData(134, "<assemblies><assembly passed=", "damaged report")]
    [InlineData(0, "", "damaged report")]
    [InlineData(Shell.TimedOut, """<assemblies><assembly passed="3" /></assemblies>""", "time limit")]
    public void What_did_not_come_to_its_end_counts_as_a_failure(int exitCode, string content, string problem)
    {
        TestReport report = Read(exitCode, content);
        Assert.False(report.Succeeded);
        Assert.Equal(1, report.Failed);
        Assert.Contains(problem, report.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_report_counts_as_a_failure()
    {
        TestReport report = TestReport.Read("project", _file + ".missing", 139);
        Assert.Equal(1, report.Failed);
        Assert.Contains("139", report.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_of_CTest_is_summed_by_its_tests()
    {
        TestReport report = Read(8, """
            <testsuite name="(empty)" tests="6" failures="2" disabled="1" skipped="2">
              <testcase name="a" status="run" />
              <testcase name="b" status="fail"><failure message="" /></testcase>
              <testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77" /><system-out>begins
            needs a driver
            </system-out></testcase>
              <testcase name="d" status="disabled"><system-out>Disabled</system-out></testcase>
              <testcase name="e" status="notrun"><skipped message="SKIP_RETURN_CODE=77" /><system-out></system-out></testcase>
              <testcase name="f" status="neither known nor good" />
            </testsuite>
            """);
        Assert.Equal((1, 2, 3), (report.Passed, report.Failed, report.Skipped));
        Assert.Equal(["needs a driver", "Disabled", "SKIP_RETURN_CODE=77"], report.SkipReasons);
    }

    // CTest counts a test whose program is missing as skipped, and fails.
    [Theory]
    [InlineData(8, """<testsuite><testcase status="run" /><testcase status="notrun"><skipped message="Unable to find executable" /></testcase></testsuite>""", "exit code 8")]
    [InlineData(0, "<testsuite />", "no tests")]
    public void A_run_of_CTest_without_a_result_counts_as_a_failure(int exitCode, string content, string problem)
    {
        TestReport report = Read(exitCode, content);
        Assert.Equal(1, report.Failed);
        Assert.Contains(problem, report.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_the_machine_cannot_do_shows_as_skipped()
    {
        TestReport report = TestReport.NotRun("project on a device", "there is no device");
        Assert.Equal((0, 0, 1), (report.Passed, report.Failed, report.Skipped));
        Assert.True(report.Succeeded);
    }

    public void Dispose() => File.Delete(_file);

    private TestReport Read(int exitCode, string content)
    {
        File.WriteAllText(_file, content);
        return TestReport.Read("project", _file, exitCode);
    }
}
