namespace LlamaEngine.Sampling;

/// <summary>
/// Penalties for tokens that the sequence has already: repetition (Keskar et al. 2019, arXiv 1909.05858) for prompt and output,
/// presence and frequency (as OpenAI's API defines them) for the output only.
/// </summary>
/// <remarks>
/// Counted anew for every token: that is a few microseconds, and so there is no state that a resumed or shortened
/// sequence could contradict. Not thread-safe: it owns the room it counts in, which is zero between calls.
/// </remarks>
internal sealed class Penalties(int vocabularySize)
{
    private int[] _counts = [];

    /// <summary>Applies the penalties that are not neutral to the last tokens of a sequence.</summary>
    /// <param name="tokens">Prompt and output; tokens outside the vocabulary count for nothing.</param>
    /// <param name="promptLength">How many of them are the prompt.</param>
    public void Apply(Span<float> logits, ReadOnlySpan<int> tokens, int promptLength, SamplingParameters parameters)
    {
        int start = Math.Max(0, tokens.Length - parameters.PenaltyWindow);
        if (parameters.RepetitionPenalty != 1)
            Repetition(logits, tokens[start..], parameters.RepetitionPenalty);
        if (parameters.PresencePenalty != 0 || parameters.FrequencyPenalty != 0)
            PresenceAndFrequency(
                logits, tokens[Math.Max(start, promptLength)..], parameters.PresencePenalty, parameters.FrequencyPenalty);
    }

    private void Repetition(Span<float> logits, ReadOnlySpan<int> seen, float penalty)
    {
        Count(seen);
        foreach (int token in seen)
        {
            if (TakeCount(token) == 0)
                continue;
            ref float logit = ref logits[token];
            logit = logit > 0 ? logit / penalty : logit * penalty;
        }
    }

    private void PresenceAndFrequency(Span<float> logits, ReadOnlySpan<int> seen, float presence, float frequency)
    {
        Count(seen);
        foreach (int token in seen)
        {
            if (TakeCount(token) is var count and not 0)
                logits[token] -= presence + count * frequency;
        }
    }

    private void Count(ReadOnlySpan<int> seen)
    {
        if (_counts.Length == 0)
            _counts = new int[vocabularySize];
        foreach (int token in seen)
        {
            if ((uint)token < (uint)_counts.Length)
                _counts[token]++;
        }
    }

    // Each token's count is given once, and the room is clean again when all tokens were asked for.
    private int TakeCount(int token)
    {
        if ((uint)token >= (uint)_counts.Length)
            return 0;
        int count = _counts[token];
        _counts[token] = 0;
        return count;
    }
}
