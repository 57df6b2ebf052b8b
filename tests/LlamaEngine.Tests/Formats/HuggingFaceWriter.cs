using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.Tests.Formats;

/// <summary>Writes Hugging Face folders with the network of <see cref="GgufWriter.TinyLlama"/>.</summary>
internal sealed class HuggingFaceWriter
{
    public JsonObject Config { get; } = new()
    {
        ["model_type"] = "llama",
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["hidden_size"] = 8,
        ["intermediate_size"] = 12,
        ["num_hidden_layers"] = 1,
        ["num_attention_heads"] = 2,
        ["num_key_value_heads"] = 1,
        ["vocab_size"] = 5,
        ["max_position_embeddings"] = 64,
        ["rms_norm_eps"] = 1e-5,
    };

    public List<(string Name, int[] Shape)> Tensors { get; } =
    [
        ("model.embed_tokens.weight", [5, 8]), ("model.norm.weight", [8]), ("lm_head.weight", [5, 8]),
        ("model.layers.0.input_layernorm.weight", [8]), ("model.layers.0.post_attention_layernorm.weight", [8]),
        ("model.layers.0.self_attn.q_proj.weight", [8, 8]), ("model.layers.0.self_attn.k_proj.weight", [4, 8]),
        ("model.layers.0.self_attn.v_proj.weight", [4, 8]), ("model.layers.0.self_attn.o_proj.weight", [8, 8]),
        ("model.layers.0.mlp.gate_proj.weight", [12, 8]), ("model.layers.0.mlp.up_proj.weight", [12, 8]),
        ("model.layers.0.mlp.down_proj.weight", [8, 12]),
    ];

    public HuggingFaceWriter Set(string key, JsonNode? value)
    {
        Config[key] = value;
        return this;
    }

    public HuggingFaceWriter Remove(string key)
    {
        Config.Remove(key);
        Tensors.RemoveAll(tensor => tensor.Name == key);
        return this;
    }

    public HuggingFaceWriter Add(string name, params int[] shape)
    {
        Tensors.Add((name, shape));
        return this;
    }

    /// <summary>Writes config.json and model.safetensors.</summary>
    public string WriteTo(TempFolder folder)
    {
        folder.Write("config.json", Config.ToJsonString());
        folder.Write("model.safetensors", Safetensors(Tensors));
        return folder.Path;
    }

    /// <summary>A file of F32 tensors, each filled with 1, 2, 3 …</summary>
    public static byte[] Safetensors(IEnumerable<(string Name, int[] Shape)> tensors)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using var data = new MemoryStream();
        foreach ((string name, int[] shape) in tensors)
        {
            long start = data.Length;
            int count = shape.Aggregate(1, (left, right) => left * right);
            for (int i = 0; i < count; i++)
                data.Write(BitConverter.GetBytes(1f + i));
            header[name] = Entry("F32", shape, start, data.Length);
        }
        return Safetensors(header.ToJsonString(), data.ToArray());
    }

    /// <summary>A file with this header, whatever it says.</summary>
    public static byte[] Safetensors(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    public static JsonObject Entry(string type, IEnumerable<int> shape, long from, long to) => new()
    {
        ["dtype"] = type,
        ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]),
        ["data_offsets"] = new JsonArray(from, to),
    };
}
