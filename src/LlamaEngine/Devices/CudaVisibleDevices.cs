using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>CUDA_VISIBLE_DEVICES, read as the driver reads it: which devices it lets this process see, in which order.</summary>
/// <remarks>
/// The driver applies the mask itself: its ordinals count the visible devices, and nothing here is applied to them again. The mask
/// is read to say what an ordinal is called on the machine, and what is wrong where devices are missing. An entry that names no
/// device, or more than one, ends the list; what stands before it counts. A device named twice leaves none at all.
/// </remarks>
internal sealed record CudaVisibleDevices
{
    /// <summary>The variable's name.</summary>
    public const string Variable = "CUDA_VISIBLE_DEVICES";

    // No machine has as many; whoever writes more has written something else.
    private const int MaxEntries = 1024;

    private CudaVisibleDevices(string? text) => Text = text;

    /// <summary>The variable's value; null if it is not set, and all devices are visible.</summary>
    public string? Text { get; }

    /// <summary>The entries up to the first that cannot name a device; none if one of them stands there twice.</summary>
    public ImmutableArray<CudaMaskEntry> Entries { get; private init; } = [];

    /// <summary>What is wrong with the mask; null if nothing is, or it says on purpose that there is to be no device.</summary>
    public DeviceProblem? Problem { get; private init; }

    /// <summary>There is no mask.</summary>
    public bool ShowsAll => Text is null;

    /// <summary>The mask leaves no device, whatever devices there are.</summary>
    public bool ShowsNone => !ShowsAll && Entries.IsEmpty;

    /// <summary>The mask of this process.</summary>
    public static CudaVisibleDevices Read() => Parse(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Reads a mask; null where the variable is not set.</summary>
    public static CudaVisibleDevices Parse(string? text)
    {
        var mask = new CudaVisibleDevices(text);
        // What is written to hide all devices: nothing, −1, and the name that SLURM gives to no device.
        if (text is null || text.AsSpan().Trim() is "" or "-1" or "NoDevFiles")
            return mask;
        ImmutableArray<CudaMaskEntry>.Builder entries = ImmutableArray.CreateBuilder<CudaMaskEntry>();
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (Range range in text.AsSpan().Split(','))
        {
            string part = text[range];
            if (CudaMaskEntry.TryParse(part) is not { } entry || entries.Count == MaxEntries)
                return mask with { Entries = entries.ToImmutable(), Problem = EndsAt(part, entries.Count) };
            if (!seen.Add(entry.Identity))
                return mask with { Problem = Doubled(entry) };
            entries.Add(entry);
        }
        return mask with { Entries = entries.ToImmutable(), Problem = entries.FirstOrDefault(entry => !entry.IsExact) is { } odd ? ReadAs(odd) : null };
    }

    /// <summary>The places of the visible devices among all of a machine's GPUs.</summary>
    /// <param name="uuids">The UUIDs of all GPUs in the driver's order.</param>
    /// <param name="problem">What is wrong with the mask on that machine; null if nothing is.</param>
    /// <returns>Empty if none is visible; for a part of a GPU, whose UUID no list of GPUs has, −1.</returns>
    public ImmutableArray<int> Resolve(IReadOnlyList<string> uuids, out DeviceProblem? problem)
    {
        problem = Problem;
        if (ShowsAll)
            return [.. Enumerable.Range(0, uuids.Count)];
        List<int> places = [];
        foreach (CudaMaskEntry entry in Entries)
        {
            int place = entry.Kind == CudaMaskEntryKind.Index ? entry.Index : entry.FindUuid(uuids);
            if (entry.Kind != CudaMaskEntryKind.Mig && (place < 0 || place >= uuids.Count))
            {
                problem = EndsAt(entry.Text, places.Count);
                break;
            }
            if (place >= 0 && places.Contains(place))
            {
                problem = Doubled(entry);
                return [];
            }
            places.Add(place);
        }
        return [.. places];
    }

    /// <summary>What a visible device is called on the machine; null without a mask.</summary>
    public string? LabelOf(int ordinal) => ordinal < Entries.Length ? Entries[ordinal].Label : null;

    /// <summary>What is wrong, given that the driver shows so many devices, of a machine with these GPUs (none: not known which).</summary>
    public DeviceProblem? ProblemWith(int visible, IReadOnlyList<string> uuids)
    {
        DeviceProblem? problem = Problem;
        if (problem is null && uuids.Count > 0)
            Resolve(uuids, out problem);
        return problem ?? (visible < Entries.Length ? EndsAt(Entries[visible].Text, visible) : null);
    }

    private static DeviceProblem EndsAt(string entry, int before) => new(
        $"{Variable}: {DeviceProblem.Quote(entry)} names no device, or not one alone; of the list, the {before} before it count.",
        $"Name devices by index or UUID, as nvidia-smi -L lists them, or unset {Variable}.");

    private static DeviceProblem ReadAs(CudaMaskEntry entry) => new(
        $"{Variable}: the driver reads {DeviceProblem.Quote(entry.Text)} as {entry.Index} alone.",
        $"Name each device in {Variable}, with commas between them: there are no ranges.");

    private static DeviceProblem Doubled(CudaMaskEntry entry) => new(
        $"{Variable} names {DeviceProblem.Quote(entry.Text)} twice: the driver shows no device at all then.",
        $"Name each device once in {Variable}.");
}
