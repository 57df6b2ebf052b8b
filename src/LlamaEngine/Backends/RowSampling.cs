using System.Runtime.InteropServices;

namespace LlamaEngine.Backends;

// The same fields in the same order as native/kernels/kernels.h, section sample: a backend hands these arrays to its device as they are.

/// <summary>How a device samples one row of logits.</summary>
/// <remarks>The order is <see cref="Sampling.Sampler"/>'s: adjustments, mask, penalties, then the best, or temperature, top-k, top-p, min-p and a draw.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct RowSampling
{
    /// <summary>Where the draw falls in the candidates' shares: of [0, 1).</summary>
    public double Fraction;

    /// <summary>The row of logits; negative: nothing is sampled and nothing written.</summary>
    public int LogitRow;

    /// <summary>0: the best token.</summary>
    public float Temperature;

    /// <summary>0: all.</summary>
    public int TopK;

    /// <summary>1 and 0: all.</summary>
    public float TopP, MinP;

    /// <summary>1, 0 and 0: none.</summary>
    public float RepetitionPenalty, PresencePenalty, FrequencyPenalty;

    /// <summary>k ≥ 0: what the step before drew for its row k is one more generated token of the penalty window; negative: nothing is.</summary>
    public int PendingToken;

    /// <summary>The row's part of <see cref="SamplingPlan.Adjustments"/>.</summary>
    public int FirstAdjustment, AdjustmentCount;

    /// <summary>The row's part of <see cref="SamplingPlan.Seen"/>.</summary>
    public int FirstSeen, SeenCount;

    /// <summary>Which of the masks of allowed tokens holds; negative: none.</summary>
    public int Mask;
}

/// <summary>Added to a token's logit; −∞ forbids the token.</summary>
/// <remarks>A row has at most one finite bias for a token. It may forbid a token besides, and more than once.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal record struct LogitAdjustment(int Token, float Bias);

/// <summary>A token of the penalty window, in a row's list once.</summary>
/// <param name="Generated">How often it was generated there; 0: it stands in the prompt only.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct SeenToken(int Token, int Generated);
