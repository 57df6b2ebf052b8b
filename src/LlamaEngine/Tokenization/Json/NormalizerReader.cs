using System.Text;
using LlamaEngine.Tokenization.Normalization;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads <c>normalizer</c> of tokenizer.json.</summary>
internal static class NormalizerReader
{
    private const double LargestGrowth = 1000;
    private const string Supported = "Sequence, Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents";

    /// <summary>Makes the normalizer; null for none.</summary>
    /// <exception cref="UnsupportedModelException">It is of a type that is not implemented.</exception>
    public static TextNormalizer? Read(JsonField? normalizer)
    {
        if (normalizer is not { } field)
            return null;
        TextNormalizer made = Make(field);
        // A few replacements that each double a text would turn a short one into gigabytes.
        return made.Growth <= LargestGrowth
            ? made
            : throw JsonField.Unsupported($"normalizer that makes texts up to {made.Growth:G3} times as long", $"{LargestGrowth} times");
    }

    private static TextNormalizer Make(JsonField field)
    {
        string type = field.TextOf("type");
        return type switch
        {
            "Sequence" => new NormalizerSequence([.. field.Required("normalizers").Items().Select(Make)]),
            "Prepend" => new Prepend(Encoding.UTF8.GetBytes(field.TextOf("prepend"))),
            "Replace" => new Replace(PatternReader.Read(field), Encoding.UTF8.GetBytes(field.TextOf("content"))),
            "NFC" => new CanonicalForm(composes: true),
            "NFD" => new CanonicalForm(composes: false),
            "NFKC" => new UnicodeForm(NormalizationForm.FormKC),
            "NFKD" => new UnicodeForm(NormalizationForm.FormKD),
            "Lowercase" => new Lowercase(),
            "StripAccents" => new StripAccents(),
            "Strip" => new Strip(field.Required("strip_left").AsFlag(), field.Required("strip_right").AsFlag()),
            _ => throw JsonField.Unsupported($"normalizer '{type}'", Supported),
        };
    }
}
