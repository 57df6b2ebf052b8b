using System.Text;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>Random texts that put awkward things side by side.</summary>
internal static class TextSamples
{
    private static readonly string[] s_parts =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "'s", "'LL", "don't", "hello", " world", "12", "3456789", "é", "e\u0301",
        "ſ", "中文", "हिन्दी", "العربية", "👩‍👩‍👧", "🇩🇪", "𝟘", "▁", "Ġ", "<|eot_id|>", "<|begin_of_text|>", "<s>", "<sep>", "<0x0A>",
        "\0", "\u007F", "\uFFFD", "\U0010FFFF", "...", "_", "aaaaaaaaaaaaaaaaaaaaaaaa",
    ];

    /// <summary>Makes texts of valid UTF-16.</summary>
    public static IEnumerable<string> Make(int seed, int count)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            var text = new StringBuilder();
            for (int parts = random.Next(12); parts > 0; parts--)
                text.Append(random.Next(3) == 0 ? RandomRune(random).ToString() : s_parts[random.Next(s_parts.Length)]);
            yield return text.ToString();
        }
    }

    private static Rune RandomRune(Random random)
    {
        int limit = random.Next(4) switch { 0 => 0x80, 1 => 0x800, 2 => 0xD800, _ => 0x110000 };
        int value = random.Next(limit);
        return Rune.IsValid(value) ? new Rune(value) : new Rune('x');
    }
}
