using System.Diagnostics;
using Xunit;

namespace LlamaEngine.Package.Tests;

/// <summary>Runs the dotnet command.</summary>
internal static class DotNet
{
    /// <summary>Runs it in a folder, which also holds the packages it restores, and returns its standard output; fails the test on an error.</summary>
    public static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        (int exitCode, string output, string error) = await RunToEndAsync(folder, arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {exitCode}:\n{output}\n{error}");
        return output;
    }

    /// <summary>The same for a command that is to fail; returns all it wrote.</summary>
    public static async Task<string> RunToFailureAsync(string folder, params string[] arguments)
    {
        (int exitCode, string output, string error) = await RunToEndAsync(folder, arguments);
        Assert.NotEqual(0, exitCode);
        return output + error;
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunToEndAsync(string folder, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NUGET_PACKAGES"] = Path.Combine(folder, ".packages");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        // The stranger's project must build with its own settings, and use the packaged model rather than a configured one.
        start.Environment.Remove("CI");
        start.Environment.Remove("LLAMAENGINE_MODEL");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
