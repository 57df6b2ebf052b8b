using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>The GPUs of the machine as NVIDIA's kernel module lists them, whatever a mask hides from this process.</summary>
internal static class NvidiaGpus
{
    private const string Folder = "/proc/driver/nvidia/gpus", UuidKey = "GPU UUID:";

    /// <summary>The UUIDs in the order of the PCI bus; empty where there is no such module.</summary>
    public static ImmutableArray<string> Uuids(SystemFiles files) =>
        [.. files.Names(Folder).Order(StringComparer.Ordinal).Select(name => Uuid(files.Lines($"{Folder}/{name}/information"))).OfType<string>()];

    private static string? Uuid(string[] lines) =>
        lines.FirstOrDefault(line => line.StartsWith(UuidKey, StringComparison.Ordinal))?[UuidKey.Length..].Trim();
}
