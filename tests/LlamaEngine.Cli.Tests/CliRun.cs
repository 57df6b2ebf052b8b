using System.Text;

namespace LlamaEngine.Cli.Tests;

/// <summary>What one command line did, run in this process.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    /// <summary>The demo model, which is copied beside the tests.</summary>
    public static string Lexicon { get; } = Path.Combine(AppContext.BaseDirectory, "models", "lexicon-5m-q8_0.gguf");

    /// <summary>The lines of the output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a command line.</summary>
    public static Task<CliRun> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    /// <summary>Runs a command line with a text as its standard input.</summary>
    public static async Task<CliRun> RunWithInputAsync(string input, params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(input));
        int exitCode = await CommandLine.RunAsync(arguments, new CliConsole(stream, output, error), TestContext.Current.CancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The same run, once it is known to have succeeded and to have said nothing else.</summary>
    public CliRun Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        Assert.Equal("", Error);
        return this;
    }

    /// <summary>The same run, once it is known to have failed as the contract says: the exit code, nothing on stdout, a line or two on stderr.</summary>
    public CliRun Failed(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} in place of {exitCode}: {Output}{Error}");
        Assert.Equal("", Output);
        Assert.InRange(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 2);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Internal error", Error, StringComparison.Ordinal);
        return this;
    }
}
