using LlamaEngine.Models;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>Reads the network's sizes and constants from config.json. Defaults are those of transformers.</summary>
/// <param name="Model">The configuration.</param>
/// <param name="AttentionBias">The attention's projections have biases.</param>
/// <param name="FeedForwardBias">The feed-forward layer has biases.</param>
internal sealed record HuggingFaceConfiguration(LlamaConfiguration Model, bool AttentionBias, bool FeedForwardBias)
{
    /// <summary>Builds the configuration.</summary>
    /// <exception cref="ModelFormatException">Keys are missing or out of range.</exception>
    /// <exception cref="UnsupportedModelException">The architecture, or something it asks for, is not implemented.</exception>
    public static HuggingFaceConfiguration Read(ConfigReader config)
    {
        string architecture = Architecture(config);
        RefuseWhatWeDoNotCompute(config);
        bool mistral = architecture == "mistral";
        int hidden = config.RequiredSize("hidden_size"), heads = config.RequiredSize("num_attention_heads");
        int headSize = config.Size("head_dim") ?? (heads > 0 ? hidden / heads : 0);
        int context = config.Size("max_position_embeddings") ?? (mistral ? 131072 : 2048);
        var model = new LlamaConfiguration
        {
            Architecture = architecture,
            VocabularySize = config.RequiredSize("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = config.RequiredSize("intermediate_size"),
            LayerCount = config.RequiredSize("num_hidden_layers"),
            HeadCount = heads,
            KeyValueHeadCount = config.Size("num_key_value_heads") ?? (mistral && !config.IsNull("num_key_value_heads") ? 8 : heads),
            HeadSize = headSize,
            RmsNormEpsilon = (float)(config.Number("rms_norm_eps") ?? 1e-6),
            ContextLength = context,
            SlidingWindow = mistral ? SlidingWindow(config) : null,
            TiedEmbeddings = config.Flag("tie_word_embeddings") ?? false,
            Rope = HuggingFaceRope.Read(config, headSize, context),
        };
        // Mistral has no biases, whatever its config.json says.
        return new HuggingFaceConfiguration(
            model, !mistral && (config.Flag("attention_bias") ?? false), !mistral && (config.Flag("mlp_bias") ?? false));
    }

    private static string Architecture(ConfigReader config)
    {
        const string Supported = "llama (LlamaForCausalLM), mistral (MistralForCausalLM)";
        string found = config.Text("model_type") ?? throw new ModelFormatException(config.File, null, "'model_type' is missing.");
        if (found is not ("llama" or "mistral"))
            throw new UnsupportedModelException($"model_type '{Untrusted.Show(found)}' ({config.File})", Supported);
        string expected = found == "llama" ? "LlamaForCausalLM" : "MistralForCausalLM";
        IReadOnlyList<string> classes = config.Texts("architectures");
        if (classes.Count > 0 && !classes.Contains(expected))
            throw new UnsupportedModelException($"architecture '{Untrusted.Show(classes[0])}' ({config.File})", Supported);
        return found;
    }

    private static void RefuseWhatWeDoNotCompute(ConfigReader config)
    {
        if (config.Text("hidden_act") is { } activation and not "silu")
            throw new UnsupportedModelException($"activation '{Untrusted.Show(activation)}' ({config.File})", "silu");
        if (config.Object("quantization_config") is { } quantization)
        {
            string method = quantization.Text("quant_method") ?? "unnamed";
            throw new UnsupportedModelException($"weights quantized by '{Untrusted.Show(method)}' ({config.File})", "safetensors in F32, F16, BF16, or quantized GGUF files");
        }
    }

    /// <summary>Mistral's default is 4,096; null or use_sliding_window = false mean none.</summary>
    private static int? SlidingWindow(ConfigReader config)
    {
        if (config.Flag("use_sliding_window") is false)
            return null;
        return config.IsNull("sliding_window") ? null : config.Size("sliding_window") ?? 4096;
    }
}
