using System.Text.Json.Nodes;
using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Formats;

/// <summary>Facts about a model, computed from its descriptions alone.</summary>
public sealed class ModelInspectionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Adds_up_a_tiny_model()
    {
        ModelInspection model = Inspect(GgufWriter.TinyLlama());
        // Two tables of 5 × 8, three norms of 8, Q and output 8 × 8, K and V 4 × 8, three of 12 × 8.
        const int Parameters = 2 * 40 + 3 * 8 + 2 * 64 + 2 * 32 + 3 * 96;
        Assert.Equal((Parameters, Parameters * 4), (model.ParameterCount, model.WeightBytes));
        Assert.Equal(new ModelInspection.TypeTotal(TensorType.F32, 12, Parameters, Parameters * 4), Assert.Single(model.Types));
        // Keys and values: one layer, one head of 4, two bytes each.
        Assert.Equal((16, 16 * 64), (model.CacheBytesPerToken, model.CacheBytes));
        Assert.Null(model.Tokenizer);
        Assert.False(model.HasChatTemplate);
    }

    [Fact]
    public void Absurd_contexts_do_not_overflow()
    {
        ModelInspection model = Inspect(GgufWriter.TinyLlama().Set("llama.context_length", (uint)int.MaxValue));
        Assert.Equal(16L * int.MaxValue, model.CacheBytes);
    }

    [Fact]
    public void Json_names_types_tensors_and_configuration()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("llama.rope.scaling.type", "yarn").Set("llama.rope.scaling.factor", 4f)
            .Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", "llama-bpe").Set("tokenizer.chat_template", "x");
        JsonNode json = JsonNode.Parse(Inspect(writer).ToJson().ToJsonString())!;
        Assert.Equal("gpt2 (llama-bpe)", (string)json["tokenizer"]!);
        Assert.True((bool)json["chat_template"]!);
        Assert.Equal(("yarn", 4, 64), ((string)json["configuration"]!["rope"]!["scaling"]!, (int)json["configuration"]!["rope"]!["factor"]!,
            (int)json["configuration"]!["rope"]!["original_context_length"]!));
        JsonNode down = json["tensors"]!.AsArray().Single(tensor => (string)tensor!["name"]! == "blk.0.ffn_down.weight")!;
        Assert.Equal("[8,12]", down["shape"]!.ToJsonString());
        Assert.Equal(("F32", 384, "model.gguf"), ((string)down["type"]!, (int)down["bytes"]!, (string)down["file"]!));
        Assert.Equal(12, json["tensors"]!.AsArray().Count);
        Assert.Equal("F32", (string)json["types"]![0]!["type"]!);
    }

    [Fact]
    public void A_folder_names_its_tokenizer_by_its_file()
    {
        new HuggingFaceWriter().WriteTo(_folder);
        using ModelFile file = ModelFile.Open(_folder.Path);
        Assert.Null(ModelInspection.Of(file).Tokenizer);
        _folder.Write("tokenizer.model", [1]);
        Assert.Equal("tokenizer.model", ModelInspection.Of(file).Tokenizer);
    }

    private ModelInspection Inspect(GgufWriter writer)
    {
        using ModelFile file = ModelFile.Open(_folder.Write("model.gguf", writer.ToArray()));
        return ModelInspection.Of(file);
    }
}
