using System.Buffers;
using System.Text;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Unicode's compatibility forms NFKC and NFKD, which need .NET's tables.</summary>
internal sealed class UnicodeForm : TextNormalizer
{
    private readonly NormalizationForm _form;

    /// <summary>Takes the form.</summary>
    /// <exception cref="UnsupportedModelException">The process runs without Unicode's normalization tables.</exception>
    public UnicodeForm(NormalizationForm form)
    {
        // In globalization-invariant mode .NET hands text back unchanged and says nothing.
        if ("e\u0301".Normalize(NormalizationForm.FormC).Length != 1)
        {
            throw new UnsupportedModelException(
                $"the tokenizer's normalizer {Name(form)} in a process in globalization-invariant mode",
                "it works where InvariantGlobalization is off and ICU is installed");
        }
        _form = form;
    }

    /// <summary>The longest expansion is that of ﷺ (U+FDFA).</summary>
    public override double Growth => 11;

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        if (Ascii.IsValid(text))
            output.Write(text);
        else
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).Normalize(_form), output);
    }

    private static string Name(NormalizationForm form) => form == NormalizationForm.FormKC ? "NFKC" : "NFKD";
}
