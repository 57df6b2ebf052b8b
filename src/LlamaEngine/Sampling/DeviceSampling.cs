using LlamaEngine.Backends;

namespace LlamaEngine.Sampling;

/// <summary>
/// Says to a device what <see cref="Sampler"/> would do: the same order, the same random numbers, and so the same tokens. The device
/// may be a step behind: of the last token it is enough to know for which row the step before draws it.
/// </summary>
internal static class DeviceSampling
{
    /// <summary>No token is pending.</summary>
    public const int NonePending = -1;

    /// <summary>Whether a device can sample so: without custom processors, a response format, log probabilities and typical-p.</summary>
    public static bool Supports(SamplingParameters parameters) =>
        parameters is { LogitProcessors.IsEmpty: true, Structure: null, TopLogProbabilities: null, TypicalP: 1 };

    /// <summary>Adds a row to the plan; false: it does not fit, and the plan is as before.</summary>
    /// <param name="logitRow">The row of logits.</param>
    /// <param name="parameters">Supported ones.</param>
    /// <param name="knownTokens">Prompt and output so far, but for the pending token.</param>
    /// <param name="promptLength">How many of them are the prompt.</param>
    /// <param name="pendingRow">The row of the step before that draws the token behind the known ones; <see cref="NonePending"/>: all are known.</param>
    public static bool TryWrite(
        SamplingPlan plan, int logitRow, SamplingParameters parameters, ReadOnlySpan<int> knownTokens, int promptLength, int pendingRow)
    {
        Check(plan, logitRow, parameters, knownTokens, promptLength);
        int count = plan.Rows.Length;
        if (count == plan.Capacity.Rows)
            return false;
        int generated = knownTokens.Length - promptLength + (pendingRow < 0 ? 0 : 1);
        ref RowSampling row = ref plan.Begin();
        row.LogitRow = logitRow;
        row.Temperature = parameters.Temperature;
        row.Fraction = parameters.Temperature == 0 ? 0 : new RandomStream(parameters.Seed)[generated];
        (row.TopK, row.TopP, row.MinP) = (parameters.TopK, parameters.TopP, parameters.MinP);
        (row.RepetitionPenalty, row.PresencePenalty, row.FrequencyPenalty) =
            (parameters.RepetitionPenalty, parameters.PresencePenalty, parameters.FrequencyPenalty);
        if (TryAdjust(plan, parameters, generated) && TrySee(plan, ref row, parameters, knownTokens, promptLength, pendingRow))
            return true;
        plan.Truncate(count);
        return false;
    }

    private static bool TryAdjust(SamplingPlan plan, SamplingParameters parameters, int generated)
    {
        bool fits = true;
        foreach ((int token, float bias) in parameters.LogitBias)
            fits = fits && plan.TryAdjust(token, bias);
        foreach (int token in parameters.BannedTokens)
            fits = fits && plan.TryAdjust(token, float.NegativeInfinity);
        if (generated < parameters.MinTokens)
            foreach (int token in parameters.LateTokens)
                fits = fits && plan.TryAdjust(token, float.NegativeInfinity);
        return fits;
    }

    // The window's last place is the pending token's. Prompts matter to the repetition penalty only.
    private static bool TrySee(
        SamplingPlan plan, ref RowSampling row, SamplingParameters parameters, ReadOnlySpan<int> knownTokens, int promptLength, int pendingRow)
    {
        bool repetition = parameters.RepetitionPenalty != 1, output = parameters.PresencePenalty != 0 || parameters.FrequencyPenalty != 0;
        if (parameters.PenaltyWindow == 0 || !(repetition || output))
            return true;
        row.PendingToken = pendingRow;
        int start = Math.Max(0, knownTokens.Length - parameters.PenaltyWindow + (pendingRow < 0 ? 0 : 1));
        if (!repetition)
            start = Math.Max(start, promptLength);
        return plan.TrySee(knownTokens[start..], Math.Max(0, promptLength - start));
    }

    private static void Check(
        SamplingPlan plan, int logitRow, SamplingParameters parameters, ReadOnlySpan<int> knownTokens, int promptLength)
    {
        if (plan.VocabularySize != parameters.VocabularySize)
            throw new ArgumentException("The plan is for another vocabulary.", nameof(plan));
        if (!Supports(parameters))
            throw new ArgumentException("A device samples without custom processors, response formats, log probabilities and typical-p.", nameof(parameters));
        ArgumentOutOfRangeException.ThrowIfNegative(logitRow);
        ArgumentOutOfRangeException.ThrowIfNegative(promptLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(promptLength, knownTokens.Length);
    }
}
