using LlamaEngine.Models;

namespace LlamaEngine.Formats;

/// <summary>Makes sure that the numbers of a configuration fit together, whatever file they came from.</summary>
internal static class ConfigurationChecks
{
    /// <summary>Checks ranges and divisibility.</summary>
    /// <exception cref="ModelFormatException">A number is out of range or contradicts another.</exception>
    public static void EnsureConsistent(LlamaConfiguration model, string file)
    {
        RequireSize(file, "vocabulary size", model.VocabularySize);
        RequireSize(file, "hidden size", model.HiddenSize);
        RequireSize(file, "feed-forward size", model.IntermediateSize);
        RequireSize(file, "number of layers", model.LayerCount);
        RequireSize(file, "number of heads", model.HeadCount);
        RequireSize(file, "number of key-value heads", model.KeyValueHeadCount);
        RequireSize(file, "head size", model.HeadSize);
        RequireSize(file, "context length", model.ContextLength);
        RequireSize(file, "sliding window", model.SlidingWindow ?? 1);
        Require(file, model.HeadCount % model.KeyValueHeadCount == 0,
            $"{model.HeadCount} heads cannot share {model.KeyValueHeadCount} key-value heads evenly");
        Require(file, (long)model.HeadCount * model.HeadSize <= int.MaxValue, "the heads together are too wide");
        Require(file, model.RmsNormEpsilon is >= 0 and < 1, $"the RMSNorm epsilon is {model.RmsNormEpsilon}, not in [0, 1)");
        CheckRope(model.Rope, model.HeadSize, file);
    }

    private static void CheckRope(RopeConfiguration rope, int headSize, string file)
    {
        Require(file, rope.Dimension > 0 && rope.Dimension % 2 == 0 && rope.Dimension <= headSize,
            $"{rope.Dimension} of the {headSize} values of a head cannot be rotated in pairs");
        Require(file, float.IsFinite(rope.Base) && rope.Base > 1, $"the RoPE base is {rope.Base}, not above 1");
        RequirePositive(file, "RoPE factor", rope.Factor);
        if (rope.Scaling is RopeScaling.Llama3 or RopeScaling.Yarn)
            RequireSize(file, "context length before RoPE scaling", rope.OriginalContextLength);
        if (rope.Scaling == RopeScaling.Llama3)
        {
            RequirePositive(file, "low frequency factor", rope.LowFrequencyFactor);
            RequirePositive(file, "high frequency factor", rope.HighFrequencyFactor);
            Require(file, rope.HighFrequencyFactor > rope.LowFrequencyFactor, "the high frequency factor is not above the low one");
        }
        if (rope.Scaling == RopeScaling.Yarn)
        {
            RequirePositive(file, "beta_fast", rope.BetaFast);
            RequirePositive(file, "beta_slow", rope.BetaSlow);
            RequirePositive(file, "attention factor", rope.AttentionFactor ?? 1);
            Require(file, float.IsFinite((rope.Mscale ?? 0) + (rope.MscaleAllDimensions ?? 0)), "mscale is not finite");
        }
    }

    private static void RequireSize(string file, string what, int value) =>
        Require(file, value > 0, $"the {what} is {value}, not positive");

    private static void RequirePositive(string file, string what, float value) =>
        Require(file, float.IsFinite(value) && value > 0, $"the {what} is {value}, not a positive number");

    private static void Require(string file, bool holds, string problem)
    {
        if (!holds)
            throw new ModelFormatException(file, null, $"{problem}.");
    }
}
