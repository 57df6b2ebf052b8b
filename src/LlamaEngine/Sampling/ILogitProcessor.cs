namespace LlamaEngine.Sampling;

/// <summary>Changes the logits of one sequence before a token is sampled from them.</summary>
/// <remarks>Called on the engine's loop thread, one call at a time for a sequence: be quick and do not block.</remarks>
public interface ILogitProcessor
{
    /// <summary>Changes logits in place.</summary>
    /// <param name="tokens">Prompt and tokens generated so far.</param>
    /// <param name="promptLength">How many of them are the prompt.</param>
    /// <param name="logits">One value a token of the vocabulary; −∞ forbids the token.</param>
    void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits);
}
