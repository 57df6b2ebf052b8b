namespace LlamaEngine.Devices;

/// <summary>
/// Where the limits of this process's control groups stand: its own group and all above it, for each limits what is below.
/// </summary>
/// <remarks>
/// Versions 1 (a hierarchy a controller) and 2 (one for all) may be mounted side by side. <c>/proc/self/mountinfo</c> says where
/// each is mounted and from which group on; <c>/proc/self/cgroup</c> says which group the process is in, as
/// hierarchy:controllers:group (4:cpu,cpuacct:/user.slice; version 2 is 0::/user.slice): see cgroups(7).
/// </remarks>
internal sealed class ControlGroups
{
    private readonly Mount[] _mounts;
    private readonly (string[] Controllers, string Group)[] _memberships;

    /// <summary>Finds the groups of this process.</summary>
    public ControlGroups(SystemFiles files)
    {
        _mounts = [.. files.Lines("/proc/self/mountinfo").Select(Mount.TryParse).OfType<Mount>()];
        _memberships = [.. files.Lines("/proc/self/cgroup").Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3)
            .Select(parts => (parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries), parts[2]))];
    }

    /// <summary>Folders of version 2, the process's own first.</summary>
    public IEnumerable<string> Unified() =>
        Folders(_mounts.Where(mount => mount.IsUnified), _memberships.FirstOrDefault(entry => entry.Controllers.Length == 0).Group);

    /// <summary>Folders of version 1 for a controller such as <c>cpu</c>, the process's own first.</summary>
    public IEnumerable<string> Of(string controller) =>
        Folders(_mounts.Where(mount => mount.Has(controller)), _memberships.FirstOrDefault(entry => entry.Controllers.Contains(controller)).Group);

    // A part of the hierarchy may be mounted once more elsewhere. If no mount shows the group (a container may be shown a
    // part that it is not in), the top of the first limits it at least.
    private static IEnumerable<string> Folders(IEnumerable<Mount> mounts, string? group)
    {
        if (group is null)
            return [];
        Mount? mount = mounts.FirstOrDefault(mount => mount.Shows(group)) ?? mounts.FirstOrDefault();
        return mount?.Folders(group) ?? [];
    }

    /// <summary>A mounted hierarchy: the group that it shows at its top, and where.</summary>
    private sealed record Mount(string Group, string Folder, bool IsUnified, string[] Options)
    {
        // 36 35 0:30 /group /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
        public static Mount? TryParse(string line)
        {
            string[] words = SystemFiles.Words(line);
            int dash = Array.IndexOf(words, "-");
            if (dash < 5 || words.Length < dash + 2 || words[dash + 1] is not ("cgroup" or "cgroup2"))
                return null;
            string[] options = words.Length > dash + 3 ? words[dash + 3].Split(',') : [];
            return new Mount(Unescape(words[3]).TrimEnd('/'), Unescape(words[4]), words[dash + 1] == "cgroup2", options);
        }

        public bool Has(string controller) => !IsUnified && Options.Contains(controller);

        public bool Shows(string group) =>
            (group + "/").StartsWith(Group + "/", StringComparison.Ordinal) && !group.Split('/').Contains("..");

        public IEnumerable<string> Folders(string group)
        {
            string below = Shows(group) ? group[Group.Length..].TrimEnd('/') : "";
            for (; below.Length > 0; below = below[..below.LastIndexOf('/')])
                yield return Folder + below;
            yield return Folder;
        }

        // The kernel writes blanks and backslashes in paths as octal numbers.
        private static string Unescape(string path) => path
            .Replace(@"\040", " ", StringComparison.Ordinal)
            .Replace(@"\011", "\t", StringComparison.Ordinal)
            .Replace(@"\012", "\n", StringComparison.Ordinal)
            .Replace(@"\134", @"\", StringComparison.Ordinal);
    }
}
