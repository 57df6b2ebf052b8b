using System.ComponentModel;
using System.Diagnostics;

namespace LlamaEngine.Tests;

/// <summary>
/// Programs for Node in a folder of the tests, whose package-lock.json says which packages they need. npm fetches these the first time; where
/// there is no Node, or they cannot be fetched, the running test is skipped.
/// </summary>
/// <param name="folder">The folder, as parts of a path below <c>tests</c>.</param>
internal sealed class NodeProgram(params string[] folder)
{
    private static readonly TimeSpan s_most = TimeSpan.FromMinutes(3);

    private readonly string _folder = Path.Combine([SharedData.Repository, "tests", .. folder]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs a script, and gives what it writes to standard output; fails if it does not end with 0.</summary>
    /// <param name="input">Its standard input.</param>
    public async Task<string> RunAsync(string script, string input, params string[] arguments)
    {
        await InstallAsync();
        (int status, string output, string error) = await StartAsync("node", input, [script, .. arguments]);
        Assert.True(status == 0, $"{script} ended with {status}: {error}");
        return output;
    }

    private async Task InstallAsync()
    {
        // npm writes it last.
        if (File.Exists(Path.Combine(_folder, "node_modules", ".package-lock.json")))
            return;
        try
        {
            (int status, _, string error) = await StartAsync("npm", "", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            if (status != 0)
                Assert.Skip($"npm could not fetch the packages of {_folder}: {error}");
        }
        catch (Win32Exception)
        {
            Assert.Skip("needs node and npm, which this machine does not have");
        }
    }

    private async Task<(int Status, string Output, string Error)> StartAsync(string program, string input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(s_most);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, "", $"{program} did not end within {s_most}.");
        }
    }
}
