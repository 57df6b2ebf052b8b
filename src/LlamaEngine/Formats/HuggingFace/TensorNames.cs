using System.Collections.Frozen;
using System.Globalization;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>Translates the tensor names of Hugging Face's Llama into GGUF's.</summary>
internal static class TensorNames
{
    private static readonly FrozenDictionary<string, string> s_global = new Dictionary<string, string>
    {
        ["model.embed_tokens.weight"] = "token_embd.weight",
        ["model.norm.weight"] = "output_norm.weight",
        ["lm_head.weight"] = "output.weight",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> s_layer = new Dictionary<string, string>
    {
        ["input_layernorm.weight"] = "attn_norm.weight",
        ["post_attention_layernorm.weight"] = "ffn_norm.weight",
        ["self_attn.q_proj.weight"] = "attn_q.weight",
        ["self_attn.k_proj.weight"] = "attn_k.weight",
        ["self_attn.v_proj.weight"] = "attn_v.weight",
        ["self_attn.o_proj.weight"] = "attn_output.weight",
        ["self_attn.q_proj.bias"] = "attn_q.bias",
        ["self_attn.k_proj.bias"] = "attn_k.bias",
        ["self_attn.v_proj.bias"] = "attn_v.bias",
        ["self_attn.o_proj.bias"] = "attn_output.bias",
        ["mlp.gate_proj.weight"] = "ffn_gate.weight",
        ["mlp.up_proj.weight"] = "ffn_up.weight",
        ["mlp.down_proj.weight"] = "ffn_down.weight",
        ["mlp.gate_proj.bias"] = "ffn_gate.bias",
        ["mlp.up_proj.bias"] = "ffn_up.bias",
        ["mlp.down_proj.bias"] = "ffn_down.bias",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The GGUF name; null for a tensor the network does not use (as transformers, we pass over those).</summary>
    public static string? ToGguf(string name, HuggingFaceConfiguration configuration)
    {
        if (s_global.TryGetValue(name, out string? global))
            return global == "output.weight" && configuration.Model.TiedEmbeddings ? null : global;
        if (SplitLayer(name, configuration.Model.LayerCount) is not var (layer, part) || !s_layer.TryGetValue(part, out string? local))
            return null;
        return local.EndsWith(".bias", StringComparison.Ordinal) && !HasBias(local, configuration)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{local}");
    }

    private static bool HasBias(string local, HuggingFaceConfiguration configuration) =>
        local.StartsWith("attn", StringComparison.Ordinal) ? configuration.AttentionBias : configuration.FeedForwardBias;

    /// <summary>Splits <c>model.layers.12.rest</c>; null if the name is not of this form or beyond the last layer.</summary>
    private static (int Layer, string Part)? SplitLayer(string name, int layers)
    {
        const string Prefix = "model.layers.";
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        int dot = name.IndexOf('.', Prefix.Length);
        // "01" is not how a layer is written; taken for 1, it could stand in for another tensor.
        return dot > 0
            && int.TryParse(name.AsSpan(Prefix.Length..dot), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            && layer < layers
            && (dot - Prefix.Length == 1 || name[Prefix.Length] != '0')
                ? (layer, name[(dot + 1)..])
                : null;
    }
}
