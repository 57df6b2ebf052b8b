using LlamaEngine.Backends;
using LlamaEngine.Models;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Describes a network in the metadata keys that llama.cpp defines, under the architecture <c>llama</c>.</summary>
internal static class GgufWriterMetadata
{
    /// <summary>The tensor that holds Llama 3.1's scaling as divisors of the rotary frequencies.</summary>
    public const string DivisorsName = "rope_freqs.weight";

    /// <summary>The keys of a configuration.</summary>
    /// <param name="model">The network.</param>
    /// <param name="name">What the model is called.</param>
    /// <exception cref="UnsupportedModelException">GGUF has no words for the configuration's rotary embedding.</exception>
    public static Dictionary<string, object> Describe(LlamaConfiguration model, string name)
    {
        var keys = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["general.architecture"] = "llama",
            ["general.name"] = name,
            ["llama.vocab_size"] = (uint)model.VocabularySize,
            ["llama.context_length"] = (uint)model.ContextLength,
            ["llama.embedding_length"] = (uint)model.HiddenSize,
            ["llama.block_count"] = (uint)model.LayerCount,
            ["llama.feed_forward_length"] = (uint)model.IntermediateSize,
            ["llama.attention.head_count"] = (uint)model.HeadCount,
            ["llama.attention.head_count_kv"] = (uint)model.KeyValueHeadCount,
            ["llama.attention.key_length"] = (uint)model.HeadSize,
            ["llama.attention.value_length"] = (uint)model.HeadSize,
            ["llama.attention.layer_norm_rms_epsilon"] = model.RmsNormEpsilon,
            ["llama.rope.freq_base"] = model.Rope.Base,
            ["llama.rope.dimension_count"] = (uint)model.Rope.Dimension,
        };
        if (model.SlidingWindow is { } window)
            keys["llama.attention.sliding_window"] = (uint)window;
        DescribeScaling(keys, model.Rope);
        return keys;
    }

    /// <summary>
    /// The divisors of the rotary frequencies that a file must hold as <see cref="DivisorsName"/>; empty if none are needed.
    /// </summary>
    public static float[] FrequencyDivisors(RopeConfiguration rope)
    {
        if (!rope.FrequencyDivisors.IsEmpty)
            return [.. rope.FrequencyDivisors];
        if (rope.Scaling != RopeScaling.Llama3)
            return [];
        double[] plain = RopeFrequencies.Compute(rope with { Scaling = RopeScaling.None }).Inverse;
        double[] scaled = RopeFrequencies.Compute(rope).Inverse;
        return [.. plain.Zip(scaled, (from, to) => (float)(from / to))];
    }

    private static void DescribeScaling(Dictionary<string, object> keys, RopeConfiguration rope)
    {
        if (rope.Scaling == RopeScaling.Linear)
        {
            keys["llama.rope.scaling.type"] = "linear";
            keys["llama.rope.scaling.factor"] = rope.Factor;
        }
        else if (rope.Scaling == RopeScaling.Yarn)
        {
            DescribeYarn(keys, rope);
        }
    }

    private static void DescribeYarn(Dictionary<string, object> keys, RopeConfiguration rope)
    {
        if (!rope.Truncate)
            throw new UnsupportedModelException("YaRN without truncation in a GGUF file", "YaRN with truncation");
        keys["llama.rope.scaling.type"] = "yarn";
        keys["llama.rope.scaling.factor"] = rope.Factor;
        keys["llama.rope.scaling.original_context_length"] = (uint)rope.OriginalContextLength;
        keys["llama.rope.scaling.yarn_beta_fast"] = rope.BetaFast;
        keys["llama.rope.scaling.yarn_beta_slow"] = rope.BetaSlow;
        // The key multiplies YaRN's own magnitude, whereas Hugging Face's attention factor replaces it.
        double own = rope.Factor <= 1 ? 1 : 0.1 * Math.Log(rope.Factor) + 1;
        double magnitude = RopeFrequencies.Compute(rope).Magnitude;
        if (Math.Abs(magnitude / own - 1) > 1e-6)
            keys["llama.rope.scaling.attn_factor"] = (float)(magnitude / own);
    }
}
