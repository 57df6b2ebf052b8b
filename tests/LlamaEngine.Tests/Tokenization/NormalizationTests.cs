using System.Buffers;
using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization.Normalization;

namespace LlamaEngine.Tests.Tokenization;

public sealed class NormalizationTests
{
    /// <summary>Every decomposable character and random strings of marks, with what Python's unicodedata makes of them.</summary>
    [Fact]
    public void Canonical_forms_are_those_of_unicode()
    {
        foreach (string line in File.ReadLines(SharedData.Own("tokenizers", "variants", "normalization.jsonl")))
        {
            JsonElement json = JsonDocument.Parse(line).RootElement;
            string text = json.GetProperty("text").GetString()!;
            Assert.Equal(json.GetProperty("nfc").GetString(), Apply(new CanonicalForm(composes: true), text));
            Assert.Equal(json.GetProperty("nfd").GetString(), Apply(new CanonicalForm(composes: false), text));
        }
    }

    [Fact]
    public void Compatibility_forms_are_refused_where_dotnet_has_no_tables()
    {
        if ("e\u0301".Normalize().Length == 1)
            Assert.Equal("fi", Apply(new UnicodeForm(NormalizationForm.FormKC), "\uFB01"));
        else
            Assert.Contains("NFKC", Assert.Throws<UnsupportedModelException>(() => new UnicodeForm(NormalizationForm.FormKC)).Message, StringComparison.Ordinal);
    }

    private static string Apply(TextNormalizer normalizer, string text)
    {
        var output = new ArrayBufferWriter<byte>();
        normalizer.Apply(Encoding.UTF8.GetBytes(text), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
