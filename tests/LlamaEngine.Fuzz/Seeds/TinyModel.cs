using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Models;

namespace LlamaEngine.Fuzz.Seeds;

/// <summary>The smallest whole model, as a GGUF file and as the files of a Hugging Face folder.</summary>
internal static class TinyModel
{
    /// <summary>config.json of the folder.</summary>
    public const string Config = """
        {
          "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "torch_dtype": "float32",
          "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
          "head_dim": 16, "vocab_size": 290, "max_position_embeddings": 64, "rms_norm_eps": 1e-05, "tie_word_embeddings": true,
          "bos_token_id": 1, "eos_token_id": [2, 3], "attention_bias": false, "mlp_bias": false, "sliding_window": null,
          "rope_theta": 10000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
        }
        """;

    /// <summary>Further forms of it that fit the same weights: other scalings, other names of the same things.</summary>
    public static IReadOnlyList<string> Configs { get; } =
    [
        Config,
        WithScaling("""{"type": "linear", "factor": 2.0}"""),
        WithScaling("""{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 0.5, "attention_factor": 1.2, "truncate": true}"""),
        WithScaling("""null, "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}"""),
        Config.Replace("LlamaForCausalLM", "MistralForCausalLM", StringComparison.Ordinal).Replace("\"model_type\": \"llama\"", "\"model_type\": \"mistral\"", StringComparison.Ordinal)
            .Replace("\"sliding_window\": null", "\"sliding_window\": 16", StringComparison.Ordinal),
    ];

    /// <summary>The same network as a configuration.</summary>
    public static LlamaConfiguration Configuration { get; } = new()
    {
        VocabularySize = TinyVocabulary.Size,
        HiddenSize = 32,
        IntermediateSize = 32,
        LayerCount = 1,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadSize = 16,
        RmsNormEpsilon = 1e-5f,
        ContextLength = 64,
        TiedEmbeddings = true,
        Rope = new RopeConfiguration { Base = 10_000, Dimension = 16, Layout = RopeLayout.Interleaved },
    };

    private static readonly (string Gguf, string HuggingFace)[] s_names =
    [
        ("token_embd.weight", "model.embed_tokens.weight"), ("output_norm.weight", "model.norm.weight"),
        ("blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight"), ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"),
        ("blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight"), ("blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight"),
        ("blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight"), ("blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight"),
        ("blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight"), ("blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj.weight"),
        ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"),
    ];

    private static string WithScaling(string scaling)
    {
        int at = Config.IndexOf("\"rope_scaling\":", StringComparison.Ordinal);
        return $"{Config[..at]}\"rope_scaling\": {scaling}\n}}";
    }

    /// <summary>A GGUF file of the model.</summary>
    /// <param name="type">Type of its weights.</param>
    /// <param name="extra">Metadata besides the network's.</param>
    public static byte[] Gguf(TensorType type, IReadOnlyDictionary<string, object> extra)
    {
        string path = Path.Combine(Path.GetTempPath(), $"llama-fuzz-{Guid.NewGuid():N}.gguf");
        var metadata = GgufWriterMetadata.Describe(Configuration, "tiny").Concat(extra);
        var tensors = SyntheticShapes.Tensors(Configuration, type);
        try
        {
            using (GgufWriter writer = GgufWriter.Create(path, metadata, tensors))
            {
                foreach (TensorInfo tensor in tensors)
                    writer.Write(Data(tensor));
                writer.Complete();
            }
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A safetensors file of the model: the length of the header, the header, the data.</summary>
    public static byte[] Safetensors()
    {
        using var data = new MemoryStream();
        var entries = new List<string>();
        foreach (TensorInfo tensor in SyntheticShapes.Tensors(Configuration, TensorType.F32))
        {
            string name = s_names.First(pair => pair.Gguf == tensor.Name).HuggingFace;
            long start = data.Length;
            data.Write(Data(tensor));
            entries.Add($"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(",", tensor.Shape)}],\"data_offsets\":[{start},{data.Length}]}}");
        }
        byte[] header = System.Text.Encoding.UTF8.GetBytes($"{{\"__metadata__\":{{\"format\":\"pt\"}},{string.Join(",", entries)}}}");
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. data.ToArray()];
    }

    /// <summary>An index that says that all tensors stand in one shard.</summary>
    public static byte[] Index(string shard) => System.Text.Encoding.UTF8.GetBytes(
        $"{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{string.Join(",", s_names.Select(pair => $"\"{pair.HuggingFace}\":\"{shard}\""))}}}}}");

    private static byte[] Data(TensorInfo tensor)
    {
        var bytes = new byte[tensor.ByteLength];
        SyntheticBlocks.Fill(tensor.Type, bytes, 0.02f, seed: 1);
        return bytes;
    }
}
