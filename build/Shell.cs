using System.Diagnostics;

namespace LlamaEngine.Build;

/// <summary>Runs other programs on this console.</summary>
internal static class Shell
{
    /// <summary>Exit code that <see cref="Run"/> gives to a program that ran past its time.</summary>
    public const int TimedOut = 124;

    /// <summary>Runs a program to its end and returns its exit code; past the limit it is killed with its children.</summary>
    /// <param name="environment">Variables to set besides those of this process.</param>
    public static int Run(string program, IEnumerable<string> arguments, string? folder = null, TimeSpan? limit = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder ?? "" };
        SetVariables(start, environment);
        using Process process = Process.Start(start) ?? throw new BuildException($"Could not start {program}.");
        if (process.WaitForExit(limit ?? Timeout.InfiniteTimeSpan))
            return process.ExitCode;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return TimedOut;
    }

    /// <summary>Runs a program to its end and returns its exit code and what it wrote, standard error after standard output.</summary>
    public static (int ExitCode, string Output) Capture(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        SetVariables(start, environment);
        using Process process = Process.Start(start) ?? throw new BuildException($"Could not start {program}.");
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>Runs a program that must succeed.</summary>
    public static void Require(string program, params string[] arguments)
    {
        int exitCode = Run(program, arguments);
        if (exitCode != 0)
            throw new BuildException($"Failed with exit code {exitCode}: {program} {string.Join(' ', arguments)}");
    }

    /// <summary>True if a program of this name is on the PATH.</summary>
    public static bool Exists(string program)
    {
        string[] names = OperatingSystem.IsWindows() ? [program + ".exe", program + ".cmd"] : [program];
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Any(folder => names.Any(name => File.Exists(Path.Combine(folder, name))));
    }

    private static void SetVariables(ProcessStartInfo start, IReadOnlyDictionary<string, string>? variables)
    {
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
    }
}
