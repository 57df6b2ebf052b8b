using System.Globalization;

namespace LlamaEngine.Devices;

/// <summary>How an entry of CUDA_VISIBLE_DEVICES names a device.</summary>
internal enum CudaMaskEntryKind
{
    /// <summary>The place in the driver's order of all GPUs.</summary>
    Index,

    /// <summary><c>GPU-</c> and a UUID, or as much of its beginning as is unique.</summary>
    Gpu,

    /// <summary>A part of a GPU: <c>MIG-</c> and a UUID, or <c>MIG-GPU-uuid/instance/compute instance</c> of older drivers.</summary>
    Mig,
}

/// <summary>An entry of CUDA_VISIBLE_DEVICES.</summary>
/// <param name="Text">The entry without blanks around it.</param>
/// <param name="Kind">How it names a device.</param>
/// <param name="Index">The index; −1 for the other kinds.</param>
internal sealed record CudaMaskEntry(string Text, CudaMaskEntryKind Kind, int Index = -1)
{
    private const string GpuTag = "GPU-", MigTag = "MIG-", MigOfGpuTag = "MIG-GPU-";
    private const int UuidLength = 36;

    /// <summary>What entries that name the same device have in common, before it is known which devices there are.</summary>
    public string Identity => Kind == CudaMaskEntryKind.Index ? Index.ToString(CultureInfo.InvariantCulture) : Text;

    /// <summary>The entry says nothing else than what the driver reads in it.</summary>
    public bool IsExact => Kind != CudaMaskEntryKind.Index || char.IsAsciiDigit(Text[^1]) && Text.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>What the entry names, for people.</summary>
    public string Label => Kind == CudaMaskEntryKind.Index ? $"GPU {Index}" : Text;

    /// <summary>Reads an entry; null if the driver would take it for no device whatever devices there are.</summary>
    public static CudaMaskEntry? TryParse(string entry)
    {
        string text = entry.Trim(' ', '\t');
        if (text.StartsWith(MigOfGpuTag, StringComparison.Ordinal))
            return IsMigOfGpu(text[MigOfGpuTag.Length..]) ? new CudaMaskEntry(text, CudaMaskEntryKind.Mig) : null;
        if (text.StartsWith(MigTag, StringComparison.Ordinal))
            return IsUuidStart(text[MigTag.Length..]) ? new CudaMaskEntry(text, CudaMaskEntryKind.Mig) : null;
        if (text.StartsWith(GpuTag, StringComparison.Ordinal))
            return IsUuidStart(text[GpuTag.Length..]) ? new CudaMaskEntry(text, CudaMaskEntryKind.Gpu) : null;
        return TryParseIndex(text) is { } index ? new CudaMaskEntry(text, CudaMaskEntryKind.Index, index) : null;
    }

    /// <summary>The only UUID that the entry names; −1 if there is none, or more than one.</summary>
    public int FindUuid(IReadOnlyList<string> uuids)
    {
        int found = -1;
        for (int i = 0; i < uuids.Count; i++)
        {
            if (!uuids[i].StartsWith(Text, StringComparison.Ordinal))
                continue;
            if (found >= 0)
                return -1;
            found = i;
        }
        return found;
    }

    // Digits at the beginning count, whatever stands behind them: the driver reads 1gpu as 1.
    private static int? TryParseIndex(string text)
    {
        int start = text.StartsWith('+') ? 1 : 0, end = start;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        return int.TryParse(text.AsSpan(start..end), NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : null;
    }

    // uuid/instance/compute instance
    private static bool IsMigOfGpu(string text) =>
        text.Split('/', 4) is [var uuid, var instance, var compute] && IsUuidStart(uuid) && IsNumber(instance) && IsNumber(compute);

    private static bool IsNumber(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool IsUuidStart(string text) =>
        text.Length is > 0 and <= UuidLength && text.All(character => char.IsAsciiHexDigit(character) || character == '-');
}
