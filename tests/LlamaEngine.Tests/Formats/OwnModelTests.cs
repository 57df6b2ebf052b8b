using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Formats;

/// <summary>The small models of the repository open anywhere.</summary>
public sealed class OwnModelTests
{
    [Fact]
    public void Tied_model_in_gguf()
    {
        using ModelFile file = ModelFile.Open(SharedData.Own("models", "gqa-tied", "model.gguf"));
        Assert.Equal(
            new LlamaConfiguration
            {
                VocabularySize = 256,
                HiddenSize = 64,
                IntermediateSize = 160,
                LayerCount = 2,
                HeadCount = 8,
                KeyValueHeadCount = 2,
                HeadSize = 8,
                RmsNormEpsilon = 1e-5f,
                ContextLength = 256,
                TiedEmbeddings = true,
                Rope = file.Configuration.Rope,
            },
            file.Configuration);
        Assert.Equal(20, file.Tensors.Length);
        Assert.Empty(file.EndTokenIds);
    }

    [Fact]
    public void Model_with_biases_in_safetensors()
    {
        using ModelFile file = ModelFile.Open(SharedData.Own("models", "bias"));
        foreach (string part in new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" })
            Assert.True(file.TryGetTensor($"blk.1.{part}.bias", out _), part);
        Assert.Equal("bias", file.Name);
    }

    [Fact]
    public void Lexicon_names_itself_its_template_and_its_ends()
    {
        using ModelFile file = ModelFile.Open(Path.Combine(SharedData.Repository, "assets", "lexicon-5m-q8_0.gguf"));
        Assert.Equal("Lexicon 5M", file.Name);
        Assert.Contains("<|start_header_id|>", file.ChatTemplate, StringComparison.Ordinal);
        Assert.Equal(4095, file.EndTokenIds[0]);
        Assert.Equal((4096, 5, 256, true), (file.Configuration.VocabularySize, file.Configuration.LayerCount,
            file.Configuration.HiddenSize, file.Configuration.TiedEmbeddings));
    }

    [Fact]
    public void Opening_allocates_little_beside_the_vocabulary()
    {
        string path = SharedData.Own("models", "rope-llama3", "model.gguf");
        ModelFile.Open(path).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFile.Open(path).Dispose();
        // The file has 478 kB of weights; none of them is copied.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }
}
