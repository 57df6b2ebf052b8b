using System.Buffers;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Rewrites text before it is cut into pieces.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal abstract class TextNormalizer
{
    /// <summary>How many times as long a text can become, apart from a few bytes.</summary>
    public virtual double Growth => 4;

    /// <summary>Appends the rewritten text to <paramref name="output"/>.</summary>
    /// <param name="text">Valid UTF-8.</param>
    public abstract void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output);
}
