using System.Text.Json;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>A line of golden data: a text, its ids, and what the reference decodes them to (where it does).</summary>
internal sealed record GoldenLine(int Number, string Text, int[] Ids, string? Decoded, bool Special)
{
    public static IEnumerable<GoldenLine> Read(string file)
    {
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            yield return new GoldenLine(
                ++number,
                root.GetProperty("text").GetString()!,
                [.. root.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())],
                root.TryGetProperty("decoded", out JsonElement decoded) ? decoded.GetString() : null,
                root.TryGetProperty("special", out JsonElement special) && special.GetBoolean());
        }
    }
}
