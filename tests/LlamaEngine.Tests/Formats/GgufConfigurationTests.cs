using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Formats;

/// <summary>What each GGUF key means for the configuration.</summary>
public sealed class GgufConfigurationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_sizes_and_defaults()
    {
        LlamaConfiguration model = Configure(GgufWriter.TinyLlama());
        Assert.Equal(
            (5, 8, 12, 1, 2, 1, 4, 64),
            (model.VocabularySize, model.HiddenSize, model.IntermediateSize, model.LayerCount, model.HeadCount,
                model.KeyValueHeadCount, model.HeadSize, model.ContextLength));
        Assert.Equal(1e-5f, model.RmsNormEpsilon);
        Assert.Null(model.SlidingWindow);
        Assert.False(model.TiedEmbeddings);
        Assert.Equal((10000f, 4, RopeLayout.Interleaved, RopeScaling.None),
            (model.Rope.Base, model.Rope.Dimension, model.Rope.Layout, model.Rope.Scaling));
    }

    [Fact]
    public void The_embedding_stands_in_for_a_missing_output() =>
        Assert.True(Configure(GgufWriter.TinyLlama().Remove("output.weight")).TiedEmbeddings);

    [Fact]
    public void Key_value_heads_default_to_heads()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Remove("llama.attention.head_count_kv")
            .Remove("blk.0.attn_k.weight").Remove("blk.0.attn_v.weight");
        writer.AddFloats("blk.0.attn_k.weight", 8, 8);
        writer.AddFloats("blk.0.attn_v.weight", 8, 8);
        Assert.Equal(2, Configure(writer).KeyValueHeadCount);
    }

    [Fact]
    public void Sizes_given_per_layer_must_be_equal()
    {
        uint[] once = [1], zero = [], differing = [1, 2];
        int[] signed = [12, 12];
        Assert.Equal(1, Configure(GgufWriter.TinyLlama().Set("llama.attention.head_count_kv", once)).KeyValueHeadCount);
        Assert.Equal(12, Configure(GgufWriter.TinyLlama().Set("llama.feed_forward_length", signed)).IntermediateSize);
        Assert.Throws<ModelFormatException>(() => Configure(GgufWriter.TinyLlama().Set("llama.attention.head_count_kv", zero)));
        Unsupported(GgufWriter.TinyLlama().Set("llama.attention.head_count", differing), "attention.head_count");
    }

    [Fact]
    public void Integers_may_have_any_width()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("llama.block_count", (byte)1).Set("llama.context_length", 64L)
            .Set("llama.embedding_length", 8UL).Set("llama.attention.layer_norm_rms_epsilon", 1e-5);
        Assert.Equal(64, Configure(writer).ContextLength);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama4")]
    [InlineData("mistral3")]
    [InlineData("")]
    public void Refuses_other_architectures_by_name(string name) =>
        Unsupported(GgufWriter.TinyLlama().Set("general.architecture", name), $"'{name}'");

    [Fact]
    public void Reads_mistral_under_its_own_keys()
    {
        GgufWriter writer = GgufWriter.TinyLlama();
        foreach ((string key, object value) in writer.Values.ToArray())
            writer.Remove(key).Set(key.Replace("llama.", "mistral.", StringComparison.Ordinal), value);
        writer.Set("general.architecture", "mistral").Set("mistral.attention.sliding_window", 16u);
        LlamaConfiguration model = Configure(writer);
        Assert.Equal(("mistral", 16), (model.Architecture, model.SlidingWindow));
    }

    [Fact]
    public void Refuses_what_is_not_implemented()
    {
        Unsupported(GgufWriter.TinyLlama().Set("llama.expert_count", 8u), "8 experts");
        Unsupported(GgufWriter.TinyLlama().Set("llama.attention.causal", false), "later positions");
        Unsupported(GgufWriter.TinyLlama().Set("llama.attention.key_length", 4u).Set("llama.attention.value_length", 8u), "values of 8");
        Unsupported(GgufWriter.TinyLlama().Set("llama.rope.scaling.type", "longrope"), "'longrope'");
        Unsupported(GgufWriter.TinyLlama().Set("llama.rope.scaling.attn_factor", 2f), "attn_factor 2");
        Unsupported(
            GgufWriter.TinyLlama().Set("llama.rope.scaling.type", "yarn").Set("llama.rope.scaling.factor", 2f).Set("llama.rope.scaling.yarn_ext_factor", 0f),
            "yarn_ext_factor 0");
    }

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.block_count")]
    [InlineData("llama.context_length")]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.feed_forward_length")]
    [InlineData("llama.attention.head_count")]
    [InlineData("llama.attention.layer_norm_rms_epsilon")]
    [InlineData("token_embd.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("blk.0.attn_norm.weight")]
    [InlineData("blk.0.ffn_down.weight")]
    public void Names_what_is_missing(string name)
    {
        var error = Assert.Throws<ModelFormatException>(() => Configure(GgufWriter.TinyLlama().Remove(name)));
        Assert.Contains($"'{name}' is missing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama.block_count", 0u)]
    [InlineData("llama.block_count", 2u)]
    [InlineData("llama.block_count", uint.MaxValue)]
    [InlineData("llama.embedding_length", 0u)]
    [InlineData("llama.attention.head_count", 0u)]
    [InlineData("llama.attention.head_count", 3u)]
    [InlineData("llama.attention.head_count", 2_000_000_000u)]
    [InlineData("llama.attention.head_count_kv", 0u)]
    [InlineData("llama.attention.head_count_kv", 2_000_000_000u)]
    [InlineData("llama.attention.key_length", 0x7FFFFFFFu)]
    [InlineData("llama.context_length", 0u)]
    [InlineData("llama.vocab_size", 6u)]
    [InlineData("llama.rope.dimension_count", 3u)]
    [InlineData("llama.rope.dimension_count", 6u)]
    [InlineData("llama.rope.freq_base", 0f)]
    [InlineData("llama.rope.freq_base", float.NaN)]
    [InlineData("llama.rope.scaling.factor", float.PositiveInfinity)]
    [InlineData("llama.rope.scaling.factor", -2f)]
    [InlineData("llama.attention.layer_norm_rms_epsilon", float.NaN)]
    [InlineData("llama.attention.layer_norm_rms_epsilon", -1f)]
    public void Refuses_numbers_that_make_no_sense(string key, object value)
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set(key, value);
        if (key.EndsWith("key_length", StringComparison.Ordinal))
            writer.Set("llama.attention.value_length", value);
        Assert.Throws<ModelFormatException>(() => Configure(writer));
    }

    [Theory]
    [InlineData("token_embd.weight", new ulong[] { 5, 8 }, "[5, 8]")]
    [InlineData("blk.0.attn_k.weight", new ulong[] { 8, 4, 1 }, "[4, 8]")]
    [InlineData("blk.0.attn_norm.weight", new ulong[] { 8, 1 }, "[8]")]
    [InlineData("blk.0.ffn_gate.weight", new ulong[] { 12, 8 }, "[12, 8]")]
    public void Wrong_shapes_are_told_with_the_expected_ones(string name, ulong[] sizes, string expected)
    {
        var error = Assert.Throws<ModelFormatException>(() => Configure(GgufWriter.TinyLlama().Change(name, t => t with { Sizes = sizes })));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Offset);
    }

    [Fact]
    public void Biases_are_optional_but_must_fit()
    {
        using (ModelFile file = Open(GgufWriter.TinyLlama().AddFloats("blk.0.attn_q.bias", 8)))
            Assert.True(file.TryGetTensor("blk.0.attn_q.bias", out _));
        Assert.Throws<ModelFormatException>(() => Open(GgufWriter.TinyLlama().AddFloats("blk.0.attn_q.bias", 4)));
    }

    [Fact]
    public void Divisors_of_frequencies_come_from_their_tensor()
    {
        float[] divisors = [.. Configure(GgufWriter.TinyLlama().AddFloats("rope_freqs.weight", 2)).Rope.FrequencyDivisors];
        Assert.Equal([1f, 2f], divisors);
        Assert.Throws<ModelFormatException>(() => Configure(GgufWriter.TinyLlama().AddFloats("rope_freqs.weight", 3)));
        byte[] zeros = new byte[8], nans = [0, 0, 0xC0, 0x7F, 0, 0, 0xC0, 0x7F];
        foreach (byte[] data in new[] { zeros, nans })
        {
            GgufWriter writer = GgufWriter.TinyLlama().AddFloats("rope_freqs.weight", 2);
            writer.Change("rope_freqs.weight", t => t with { Data = data });
            Assert.Throws<ModelFormatException>(() => Configure(writer));
        }
    }

    [Fact]
    public void Vocabulary_is_as_long_as_its_list_of_tokens()
    {
        string[] five = ["a", "b", "c", "d", "e"], four = ["a", "b", "c", "d"];
        Assert.Equal(5, Configure(GgufWriter.TinyLlama().Set("llama.vocab_size", 99u).Set("tokenizer.ggml.tokens", five)).VocabularySize);
        Assert.Equal(5, Configure(GgufWriter.TinyLlama().Remove("llama.vocab_size")).VocabularySize);
        Assert.Throws<ModelFormatException>(() => Configure(GgufWriter.TinyLlama().Set("tokenizer.ggml.tokens", four)));
    }

    [Fact]
    public void End_tokens_come_from_keys_and_from_known_texts()
    {
        string[] tokens = ["a", "<|eot_id|>", "</s>", "<|im_end|>", "e"];
        int[] types = [1, 3, 1, 3, 1];
        GgufWriter writer = GgufWriter.TinyLlama().Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.token_type", types)
            .Set("tokenizer.ggml.eos_token_id", 4u).Set("tokenizer.ggml.eot_token_id", uint.MaxValue).Set("tokenizer.ggml.eom_token_id", 1u);
        using ModelFile file = Open(writer);
        // "</s>" is an ordinary token in this file, so its text alone ends nothing.
        Assert.Equal([4, 1, 3], file.EndTokenIds);
    }

    [Fact]
    public void Reads_name_template_and_sampling()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("general.name", "Tiny").Set("tokenizer.chat_template", "{{ messages }}")
            .Set("general.sampling.temp", 0.5f).Set("general.sampling.top_k", 40);
        using ModelFile file = Open(writer);
        Assert.Equal(("Tiny", "{{ messages }}"), (file.Name, file.ChatTemplate));
        Assert.Equal("""{"temperature":0.5,"top_k":40}""", file.GenerationConfig.ToJsonString());
        Assert.NotSame(file.GenerationConfig, file.GenerationConfig);
        using ModelFile plain = Open(GgufWriter.TinyLlama());
        Assert.Equal("model", plain.Name);
        Assert.Null(plain.ChatTemplate);
        Assert.Empty(plain.GenerationConfig);
    }

    [Fact]
    public void A_file_without_vocabulary_has_no_tokenizer()
    {
        using ModelFile absent = Open(GgufWriter.TinyLlama()), none = Open(GgufWriter.TinyLlama().Set("tokenizer.ggml.model", "no_vocab"));
        Assert.Null(absent.LoadTokenizer());
        Assert.Null(none.LoadTokenizer());
    }

    private ModelFile Open(GgufWriter writer) => ModelFile.Open(_folder.Write("model.gguf", writer.ToArray()));

    private LlamaConfiguration Configure(GgufWriter writer)
    {
        using ModelFile file = Open(writer);
        return file.Configuration;
    }

    private void Unsupported(GgufWriter writer, string found)
    {
        var error = Assert.Throws<UnsupportedModelException>(() => Configure(writer));
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
    }
}
