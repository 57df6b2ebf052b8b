using System.Text;
using System.Text.Json;
using LlamaEngine.Formats;
using LlamaEngine.Formats.HuggingFace;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Formats;

/// <summary>What config.json means, key by key, with the defaults of transformers.</summary>
public sealed class HuggingFaceConfigurationTests
{
    private const string Sizes = """
        "hidden_size":64,"intermediate_size":160,"num_hidden_layers":2,"num_attention_heads":4,"vocab_size":256
        """;

    [Fact]
    public void Llama_defaults()
    {
        HuggingFaceConfiguration read = Read("llama", "");
        LlamaConfiguration model = read.Model;
        Assert.Equal((4, 16, 1e-6f, 2048), (model.KeyValueHeadCount, model.HeadSize, model.RmsNormEpsilon, model.ContextLength));
        Assert.Equal((10000f, 16, RopeScaling.None, RopeLayout.HalfSplit),
            (model.Rope.Base, model.Rope.Dimension, model.Rope.Scaling, model.Rope.Layout));
        Assert.False(model.TiedEmbeddings || read.AttentionBias || read.FeedForwardBias);
        Assert.Null(model.SlidingWindow);
    }

    [Fact]
    public void Mistral_defaults()
    {
        HuggingFaceConfiguration read = Read("mistral", "\"num_attention_heads\":16,\"attention_bias\":true", sizes: Sizes.Replace("\"num_attention_heads\":4,", "", StringComparison.Ordinal));
        Assert.Equal((8, 4096, 131072, "mistral"),
            (read.Model.KeyValueHeadCount, read.Model.SlidingWindow, read.Model.ContextLength, read.Model.Architecture));
        Assert.False(read.AttentionBias);
        Assert.Equal(4, Read("mistral", "\"num_key_value_heads\":null").Model.KeyValueHeadCount);
    }

    [Theory]
    [InlineData("mistral", "\"sliding_window\":16", 16)]
    [InlineData("mistral", "\"sliding_window\":null", null)]
    [InlineData("mistral", "\"sliding_window\":16,\"use_sliding_window\":false", null)]
    [InlineData("mistral", "\"sliding_window\":16,\"use_sliding_window\":true", 16)]
    [InlineData("llama", "\"sliding_window\":16", null)]
    public void Sliding_window(string type, string keys, int? expected) =>
        Assert.Equal(expected, Read(type, keys + ",\"num_key_value_heads\":2").Model.SlidingWindow);

    [Theory]
    [InlineData("\"rope_scaling\":null", RopeScaling.None, 10000f)]
    [InlineData("\"rope_scaling\":{\"type\":\"default\"}", RopeScaling.None, 10000f)]
    [InlineData("\"rope_scaling\":{\"type\":\"linear\",\"factor\":4}", RopeScaling.Linear, 10000f)]
    [InlineData("\"rope_scaling\":{\"rope_type\":\"linear\",\"type\":\"nonsense\",\"factor\":4.0}", RopeScaling.Linear, 10000f)]
    [InlineData("\"rope_theta\":5000,\"rope_parameters\":{\"rope_type\":\"linear\",\"factor\":4.0}", RopeScaling.Linear, 5000f)]
    [InlineData("\"rope_theta\":5000,\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":7000}", RopeScaling.None, 7000f)]
    [InlineData("\"rope_scaling\":{},\"rope_parameters\":{\"rope_type\":\"linear\",\"factor\":4.0}", RopeScaling.Linear, 10000f)]
    public void Rope_is_read_in_old_and_new_form(string keys, RopeScaling scaling, float theta)
    {
        RopeConfiguration rope = Read("llama", keys).Model.Rope;
        Assert.Equal((scaling, theta), (rope.Scaling, rope.Base));
        Assert.Equal(scaling == RopeScaling.Linear ? 4 : 1, rope.Factor);
    }

    [Fact]
    public void Yarn_parameters()
    {
        RopeConfiguration rope = Read("llama", """
            "rope_scaling":{"rope_type":"yarn","factor":4,"original_max_position_embeddings":32,"attention_factor":1.25,
            "beta_fast":16,"beta_slow":2,"mscale":0.5,"mscale_all_dim":0.7,"truncate":false}
            """).Model.Rope;
        Assert.Equal((4f, 32, 1.25f, 16f, 2f, 0.5f, 0.7f, false), (rope.Factor, rope.OriginalContextLength, rope.AttentionFactor,
            rope.BetaFast, rope.BetaSlow, rope.Mscale, rope.MscaleAllDimensions, rope.Truncate));
        RopeConfiguration bare = Read("llama", """
            "max_position_embeddings":256,"rope_scaling":{"rope_type":"yarn","factor":null,"original_max_position_embeddings":32,"beta_fast":0}
            """).Model.Rope;
        Assert.Equal((8f, 32f, 1f, true), (bare.Factor, bare.BetaFast, bare.BetaSlow, bare.Truncate));
        Assert.Null(bare.AttentionFactor);
        Assert.Equal(256, Read("llama", "\"max_position_embeddings\":256,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2}").Model.Rope.OriginalContextLength);
    }

    [Theory]
    [InlineData("\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}", "'dynamic'")]
    [InlineData("\"rope_scaling\":{\"type\":\"longrope\"}", "'longrope'")]
    [InlineData("\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"default\"}}", "layer to layer")]
    [InlineData("\"partial_rotary_factor\":0.5", "partial_rotary_factor 0.5")]
    [InlineData("\"hidden_act\":\"gelu\"", "'gelu'")]
    [InlineData("\"architectures\":[\"LlamaForSequenceClassification\"]", "LlamaForSequenceClassification")]
    [InlineData("\"quantization_config\":{\"quant_method\":\"awq\"}", "'awq'")]
    public void Refuses_what_is_not_implemented_by_name(string keys, string name)
    {
        var error = Assert.Throws<UnsupportedModelException>(() => Read("llama", keys));
        Assert.Contains(name, error.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen2")]
    [InlineData("mixtral")]
    [InlineData("llama4")]
    public void Refuses_other_models_by_name(string type)
    {
        var error = Assert.Throws<UnsupportedModelException>(() => Read(type, ""));
        Assert.Contains($"'{type}'", error.Found, StringComparison.Ordinal);
        Assert.Contains("llama", error.Supported, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"num_key_value_heads\":3")]
    [InlineData("\"num_key_value_heads\":0")]
    [InlineData("\"head_dim\":15")]
    [InlineData("\"head_dim\":0")]
    [InlineData("\"head_dim\":2147483646")]
    [InlineData("\"head_dim\":1e300")]
    [InlineData("\"head_dim\":16.5")]
    [InlineData("\"head_dim\":\"16\"")]
    [InlineData("\"rms_norm_eps\":-1")]
    [InlineData("\"rms_norm_eps\":true")]
    [InlineData("\"rope_theta\":0")]
    [InlineData("\"rope_theta\":1e999")]
    [InlineData("\"rope_scaling\":7")]
    [InlineData("\"rope_scaling\":{\"type\":\"linear\"}")]
    [InlineData("\"rope_scaling\":{\"type\":\"linear\",\"factor\":0}")]
    [InlineData("\"rope_scaling\":{\"type\":\"llama3\",\"factor\":8}")]
    [InlineData("\"rope_scaling\":{\"type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4}")]
    [InlineData("\"rope_scaling\":{\"type\":\"yarn\",\"factor\":8,\"original_max_position_embeddings\":0}")]
    [InlineData("\"rope_scaling\":{\"type\":\"yarn\",\"factor\":null,\"original_max_position_embeddings\":0}")]
    [InlineData("\"rope_scaling\":{\"type\":[]}")]
    [InlineData("\"tie_word_embeddings\":\"yes\"")]
    [InlineData("\"architectures\":\"LlamaForCausalLM\"")]
    [InlineData("\"max_position_embeddings\":0")]
    [InlineData("\"hidden_act\":\"\\ud800\"")]
    public void Refuses_values_that_make_no_sense(string keys) =>
        Assert.Throws<ModelFormatException>(() => Read("llama", keys));

    [Theory]
    [InlineData("hidden_size")]
    [InlineData("intermediate_size")]
    [InlineData("num_hidden_layers")]
    [InlineData("num_attention_heads")]
    [InlineData("vocab_size")]
    public void Names_what_is_missing(string key)
    {
        var error = Assert.Throws<ModelFormatException>(() => Read("llama", "", Sizes.Replace(key, "other", StringComparison.Ordinal)));
        Assert.Contains($"'{key}' is missing", error.Message, StringComparison.Ordinal);
    }

    private static HuggingFaceConfiguration Read(string type, string keys, string sizes = Sizes)
    {
        string json = $"{{\"model_type\":\"{type}\",{sizes}{(keys.Length > 0 ? "," : "")}{keys}}}";
        using JsonDocument document = JsonText.Parse(Encoding.UTF8.GetBytes(json), "config.json", 0);
        HuggingFaceConfiguration configuration = HuggingFaceConfiguration.Read(new ConfigReader(document.RootElement, "config.json"));
        ConfigurationChecks.EnsureConsistent(configuration.Model, "config.json");
        return configuration;
    }
}
