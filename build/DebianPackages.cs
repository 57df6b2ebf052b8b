namespace LlamaEngine.Build;

/// <summary>Packages of Debian and Ubuntu, for continuous integration on a bare machine.</summary>
internal static class DebianPackages
{
    /// <summary>Installs packages where this process may; a line says so, and more say why it failed. Then they stay missing.</summary>
    /// <param name="packages">Their names; none: nothing is done.</param>
    /// <param name="purpose">Who needs them, for the line.</param>
    /// <param name="options">Options of <c>apt-get install</c>.</param>
    public static void TryInstall(string[] packages, string purpose, params string[] options)
    {
        if (packages is [] || !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !Shell.Exists("apt-get"))
            return;
        Console.Error.WriteLine($"Installing what {purpose}: {string.Join(' ', packages)}");
        // A stale list of packages may still do.
        Shell.Capture("apt-get", ["update", "-qq"]);
        Dictionary<string, string> environment = new() { ["DEBIAN_FRONTEND"] = "noninteractive" };
        (int exitCode, string output) = Shell.Capture("apt-get", ["install", "-y", "-qq", .. options, .. packages], environment);
        if (exitCode != 0)
            Console.Error.WriteLine($"apt-get install ended with exit code {exitCode}:\n{output}");
    }
}
