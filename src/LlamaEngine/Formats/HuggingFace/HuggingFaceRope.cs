using LlamaEngine.Models;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>Reads the rotary embedding from config.json: rope_parameters, or the older rope_theta and rope_scaling.</summary>
internal static class HuggingFaceRope
{
    private const string OriginalLength = "original_max_position_embeddings";

    /// <summary>Builds the configuration.</summary>
    /// <exception cref="UnsupportedModelException">The kind of scaling is not implemented.</exception>
    public static RopeConfiguration Read(ConfigReader config, int headSize, int contextLength)
    {
        ConfigReader? scaling = Parameters(config);
        RefusePartialRotation(scaling?.Number("partial_rotary_factor") ?? config.Number("partial_rotary_factor"), config.File);
        var plain = new RopeConfiguration
        {
            Base = (float)(scaling?.Number("rope_theta") ?? config.Number("rope_theta") ?? 10000),
            Dimension = headSize,
            Layout = RopeLayout.HalfSplit,
            OriginalContextLength = scaling?.Size(OriginalLength) ?? config.Size(OriginalLength) ?? contextLength,
        };
        return scaling is { } parameters ? Scale(plain, parameters, contextLength) : plain;
    }

    /// <summary>As in transformers: rope_scaling wins unless it is null or empty.</summary>
    private static ConfigReader? Parameters(ConfigReader config)
    {
        ConfigReader? old = config.Object("rope_scaling");
        ConfigReader? found = old is { IsEmpty: false } ? old : config.Object("rope_parameters");
        return found is { HasNestedObjects: true }
            ? throw new UnsupportedModelException($"RoPE that differs from layer to layer ({config.File})", "one RoPE for all layers")
            : found;
    }

    private static RopeConfiguration Scale(RopeConfiguration plain, ConfigReader scaling, int contextLength) =>
        (scaling.Text("rope_type") ?? scaling.Text("type")) switch
        {
            null or "default" => plain,
            "linear" => plain with { Scaling = RopeScaling.Linear, Factor = Factor(scaling) },
            "llama3" => Llama3(plain, scaling),
            "yarn" => Yarn(plain, scaling, contextLength),
            var other => throw new UnsupportedModelException($"RoPE scaling '{Untrusted.Show(other)}' ({scaling.File})", "default, linear, llama3, yarn"),
        };

    private static RopeConfiguration Llama3(RopeConfiguration plain, ConfigReader scaling) => plain with
    {
        Scaling = RopeScaling.Llama3,
        Factor = Factor(scaling),
        LowFrequencyFactor = Required(scaling, "low_freq_factor"),
        HighFrequencyFactor = Required(scaling, "high_freq_factor"),
    };

    private static RopeConfiguration Yarn(RopeConfiguration plain, ConfigReader scaling, int contextLength) => plain with
    {
        Scaling = RopeScaling.Yarn,
        Factor = (float?)scaling.Number("factor") ?? (float)contextLength / plain.OriginalContextLength,
        // transformers takes 0 for absent here.
        BetaFast = scaling.Number("beta_fast") is { } fast and not 0 ? (float)fast : 32,
        BetaSlow = scaling.Number("beta_slow") is { } slow and not 0 ? (float)slow : 1,
        AttentionFactor = (float?)scaling.Number("attention_factor"),
        Mscale = (float?)scaling.Number("mscale"),
        MscaleAllDimensions = (float?)scaling.Number("mscale_all_dim"),
        Truncate = scaling.Flag("truncate") ?? true,
    };

    private static float Factor(ConfigReader scaling) => Required(scaling, "factor");

    private static float Required(ConfigReader scaling, string key) =>
        (float)(scaling.Number(key) ?? throw new ModelFormatException(scaling.File, null, $"RoPE scaling lacks '{key}'."));

    private static void RefusePartialRotation(double? share, string file)
    {
        if (share is not (null or 1))
            throw new UnsupportedModelException($"partial_rotary_factor {share} ({file})", "heads that are rotated whole");
    }
}
