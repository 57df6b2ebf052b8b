using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Engine;

/// <summary>Makes a model say given tokens, whatever it would have said.</summary>
internal sealed class ForcedReply(params int[] reply) : ILogitProcessor
{
    /// <summary>A reply in words, behind which the model ends.</summary>
    public static ForcedReply Of(InferenceEngine engine, string text) =>
        new([.. engine.Tokenizer.Encode(text, allowSpecial: true), engine.Model.EndTokenIds[0]]);

    public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
    {
        logits.Fill(float.NegativeInfinity);
        logits[reply[tokens.Length - promptLength]] = 0;
    }
}
