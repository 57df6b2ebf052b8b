using System.Text.Json.Nodes;
using LlamaEngine.Backends;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Formats;

/// <summary>Every tiny model opens in both forms, with the configuration its config.json states.</summary>
public sealed class GoldenModelTests
{
    public static TheoryData<string> Models =>
    [
        "mha", "gqa-tied", "mqa", "head-dim", "bias", "rope-linear", "rope-llama3", "rope-yarn", "odd-sizes", "bf16", "f16",
        "sharded-bf16", "mistral-window", "new-config", "long",
    ];

    public static TheoryData<string> ModelsWithGguf =>
    [
        "mha", "gqa-tied", "mqa", "head-dim", "rope-linear", "rope-llama3", "rope-yarn", "bf16", "f16", "sharded-bf16", "long",
    ];

    [Theory]
    [MemberData(nameof(Models))]
    public void Folder_has_the_sizes_of_its_config(string name)
    {
        string folder = SharedData.Shared("golden", "models", name);
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        using ModelFile file = ModelFile.Open(folder);
        LlamaConfiguration model = file.Configuration;
        Assert.Equal((int)config["vocab_size"]!, model.VocabularySize);
        Assert.Equal((int)config["hidden_size"]!, model.HiddenSize);
        Assert.Equal((int)config["intermediate_size"]!, model.IntermediateSize);
        Assert.Equal((int)config["num_hidden_layers"]!, model.LayerCount);
        Assert.Equal((int)config["num_attention_heads"]!, model.HeadCount);
        Assert.Equal((int)config["num_key_value_heads"]!, model.KeyValueHeadCount);
        Assert.Equal((int?)config["head_dim"] ?? model.HiddenSize / model.HeadCount, model.HeadSize);
        Assert.Equal((float)config["rms_norm_eps"]!, model.RmsNormEpsilon);
        Assert.Equal((int)config["max_position_embeddings"]!, model.ContextLength);
        Assert.Equal((bool)config["tie_word_embeddings"]!, model.TiedEmbeddings);
        Assert.Equal((int?)config["sliding_window"], model.SlidingWindow);
        Assert.Equal((string?)config["model_type"], model.Architecture);
        Assert.Equal(RopeLayout.HalfSplit, model.Rope.Layout);
        Assert.Equal([2], file.EndTokenIds);
        Assert.Null(file.LoadTokenizer());
    }

    [Theory]
    [MemberData(nameof(ModelsWithGguf))]
    public void Gguf_describes_the_same_network_as_the_folder(string name)
    {
        string folder = SharedData.Shared("golden", "models", name);
        using ModelFile left = ModelFile.Open(folder), right = ModelFile.Open(Path.Combine(folder, "model.gguf"));
        RopeConfiguration rope = left.Configuration.Rope;
        Assert.Equal(left.Configuration with { Rope = rope }, right.Configuration with { Rope = rope });
        Assert.Equal(RopeLayout.Interleaved, right.Configuration.Rope.Layout);
        RopeFrequencies expected = RopeFrequencies.Compute(rope), actual = RopeFrequencies.Compute(right.Configuration.Rope);
        Assert.Equal(expected.Magnitude, actual.Magnitude, 1e-6);
        for (int i = 0; i < expected.Inverse.Length; i++)
            Assert.Equal(1, actual.Inverse[i] / expected.Inverse[i], 1e-6);
        Assert.Null(right.LoadTokenizer());
    }

    [Theory]
    [MemberData(nameof(ModelsWithGguf))]
    public void Gguf_and_folder_hold_the_same_tensors(string name)
    {
        string folder = SharedData.Shared("golden", "models", name);
        using ModelFile left = ModelFile.Open(folder), right = ModelFile.Open(Path.Combine(folder, "model.gguf"));
        var expected = left.Tensors.ToDictionary(t => t.Name, t => string.Join('x', t.Shape));
        var actual = right.Tensors.Where(t => t.Name != "rope_freqs.weight").ToDictionary(t => t.Name, t => string.Join('x', t.Shape));
        Assert.Equal(expected.OrderBy(t => t.Key, StringComparer.Ordinal), actual.OrderBy(t => t.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_gguf_of_the_golden_data_opens()
    {
        string[] files = Directory.GetFiles(SharedData.Shared("golden", "quants", "models"), "*.gguf");
        Assert.NotEmpty(files);
        foreach (string path in files.Append(SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf")))
        {
            using ModelFile file = ModelFile.Open(path);
            Assert.NotEmpty(file.Tensors);
        }
    }
}
