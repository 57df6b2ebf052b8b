using System.Runtime.InteropServices;

namespace LlamaEngine.Cli.Serving;

/// <summary>What the processor calls itself; figures say little without it.</summary>
internal static class ProcessorName
{
    private const string LinuxFile = "/proc/cpuinfo", LinuxKey = "model name", WindowsVariable = "PROCESSOR_IDENTIFIER";

    /// <summary>The name, or at least the architecture.</summary>
    public static string Find() =>
        FindOnLinux() ?? Environment.GetEnvironmentVariable(WindowsVariable) ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string? FindOnLinux()
    {
        if (!File.Exists(LinuxFile))
            return null;
        string? line = File.ReadLines(LinuxFile).FirstOrDefault(line => line.StartsWith(LinuxKey, StringComparison.Ordinal));
        return line is null ? null : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
