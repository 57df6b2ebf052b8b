using System.Text;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Decomposes and composes characters canonically, Hangul included (Unicode Standard, chapter 3, sections 11 and 12).</summary>
internal static class CanonicalMappings
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int Vowels = 21;
    private const int Trails = 28;
    private const int Leads = 19;

    private static readonly Dictionary<int, (int First, int Second)> s_decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> s_compositions = [];
    private static readonly Dictionary<int, byte> s_classes = [];

    static CanonicalMappings()
    {
        foreach ((int composed, int first, int second) in Triples(CanonicalTables.Composites))
        {
            s_decompositions.Add(composed, (first, second));
            s_compositions.Add((first, second), composed);
        }
        foreach ((int composed, int first, int second) in Triples(CanonicalTables.Decomposables))
            s_decompositions.Add(composed, (first, second));
        foreach ((int first, int last, int kind) in Triples(CanonicalTables.Classes))
        {
            for (int codePoint = first; codePoint <= last; codePoint++)
                s_classes.Add(codePoint, (byte)kind);
        }
    }

    /// <summary>The canonical combining class; 0 for a character that begins anew.</summary>
    public static int Class(int codePoint) => s_classes.GetValueOrDefault(codePoint);

    /// <summary>Appends the full decomposition of a character.</summary>
    public static void Decompose(int codePoint, List<int> output)
    {
        int syllable = codePoint - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails)
        {
            output.Add(LeadBase + syllable / (Vowels * Trails));
            output.Add(VowelBase + syllable / Trails % Vowels);
            if (syllable % Trails > 0)
                output.Add(TrailBase + syllable % Trails);
        }
        else if (s_decompositions.TryGetValue(codePoint, out (int First, int Second) parts))
        {
            Decompose(parts.First, output);
            if (parts.Second != 0)
                Decompose(parts.Second, output);
        }
        else
        {
            output.Add(codePoint);
        }
    }

    /// <summary>Finds the character that two are composed to.</summary>
    public static bool TryCompose(int first, int second, out int composed)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
        {
            composed = HangulBase + (lead * Vowels + vowel) * Trails;
            return true;
        }
        int syllable = first - HangulBase;
        int trail = second - TrailBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails && syllable % Trails == 0 && trail is > 0 and < Trails)
        {
            composed = first + trail;
            return true;
        }
        return s_compositions.TryGetValue((first, second), out composed);
    }

    private static IEnumerable<(int, int, int)> Triples(string table)
    {
        int[] codePoints = [.. table.EnumerateRunes().Select(rune => rune.Value)];
        for (int i = 0; i < codePoints.Length; i += 3)
            yield return (codePoints[i], codePoints[i + 1], codePoints[i + 2]);
    }
}
