using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

/// <summary>A folder that describes a machine as /proc and /sys/fs/cgroup do; deleted when disposed.</summary>
internal sealed class MachineFolder : IDisposable
{
    public const string VersionTwo = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    private readonly string _root = Directory.CreateTempSubdirectory("llama-engine-machine-").FullName;

    public SystemFiles Files => new(_root);

    public MachineFolder With(string path, string text)
    {
        string file = Path.Join(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return this;
    }

    /// <summary>Version 2, the process in <paramref name="group"/>.</summary>
    public MachineFolder WithVersionTwo(string group) =>
        With("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + VersionTwo).With("/proc/self/cgroup", $"0::{group}\n");

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
