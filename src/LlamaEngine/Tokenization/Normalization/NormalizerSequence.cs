using System.Buffers;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Normalizers one after another.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<TextNormalizer> steps) : TextNormalizer
{
    /// <inheritdoc/>
    public override double Growth => steps.Aggregate(1.0, (growth, step) => growth * step.Growth);

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> current = text;
        foreach (TextNormalizer step in steps)
        {
            var next = new ArrayBufferWriter<byte>(current.Length + 16);
            step.Apply(current, next);
            current = next.WrittenSpan;
        }
        output.Write(current);
    }
}
