using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization;
using LlamaEngine.Tokenization.Json;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>
/// Small tokenizers of our own that between them use every component of tokenizer.json, with what Hugging Face's tokenizers
/// 0.23 made of a number of texts and ids.
/// </summary>
public sealed class VariantTests
{
    private static readonly string s_file = SharedData.Own("tokenizers", "variants", "variants.jsonl");

    public static TheoryData<string> Names
    {
        get
        {
            var names = new TheoryData<string>();
            foreach (JsonElement variant in ReadAll())
                names.Add(variant.GetProperty("name").GetString()!);
            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_variant_gives_what_the_reference_gives(string name)
    {
        JsonElement variant = ReadAll().Single(v => v.GetProperty("name").GetString() == name);
        Tokenizer tokenizer = TokenizerJson.Read(name, Encoding.UTF8.GetBytes(variant.GetProperty("tokenizer").GetRawText()), new TokenizerConfig());
        var differences = new StringBuilder();
        foreach (JsonElement line in variant.GetProperty("lines").EnumerateArray())
        {
            string text = line.GetProperty("text").GetString()!;
            int[] ids = Ids(line);
            Expect(string.Join(' ', ids), string.Join(' ', tokenizer.Encode(text, allowSpecial: true)), text, differences);
            Expect(line.GetProperty("decoded").GetString()!, tokenizer.Decode(ids), text, differences);
            Expect(line.GetProperty("skipped").GetString()!, tokenizer.Decode(ids, skipSpecial: true), text, differences);
        }
        foreach (JsonElement line in variant.GetProperty("random").EnumerateArray())
            Expect(line.GetProperty("decoded").GetString()!, tokenizer.Decode(Ids(line)), string.Join(' ', Ids(line)), differences);
        Assert.True(differences.Length == 0, differences.ToString());
    }

    private static void Expect(string expected, string actual, string of, StringBuilder differences)
    {
        if (expected != actual)
            differences.AppendLine($"'{of}': '{actual}', not '{expected}'");
    }

    private static int[] Ids(JsonElement line) => [.. line.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

    private static IEnumerable<JsonElement> ReadAll() =>
        File.ReadLines(s_file).Select(line => JsonDocument.Parse(line).RootElement);
}
