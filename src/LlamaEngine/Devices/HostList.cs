using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>Names of hosts as SLURM writes them: <c>gpu[01-03,7],login</c> is gpu01, gpu02, gpu03, gpu7 and login.</summary>
/// <remarks>
/// A name may have several brackets, and text behind each. A number is padded to the digits of its range's first. Where brackets
/// follow each other, the last varies fastest, then the first, the second and so on: the order of <c>scontrol show hostnames</c>,
/// which SLURM's node numbers follow. What SLURM would never write is refused.
/// </remarks>
internal static class HostList
{
    /// <summary>Most names made of one list: SLURM's own limit of a range.</summary>
    public const int MaxNames = 65_536;

    /// <summary>Most characters of a name; DNS allows 253.</summary>
    public const int MaxNameLength = 255;

    /// <summary>Most digits of a number: what a long surely holds.</summary>
    public const int MaxDigits = 18;

    /// <summary>The names, in SLURM's order, doubles included.</summary>
    /// <exception cref="HostListException">The text is malformed, or stands for too many names.</exception>
    public static ImmutableArray<string> Expand(string text)
    {
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        for (int position = 0; position <= text.Length; position++)
        {
            HostPattern pattern = HostPattern.Parse(text, ref position);
            if (pattern.Count > MaxNames - names.Count)
                throw new HostListException(HostListFault.TooManyNames, pattern.Position);
            for (int i = 0; i < pattern.Count; i++)
                names.Add(pattern.Name(i));
        }
        return names.ToImmutable();
    }
}
