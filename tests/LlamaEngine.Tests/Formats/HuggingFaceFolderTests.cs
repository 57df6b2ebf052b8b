using System.Text.Json.Nodes;
using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Formats;

/// <summary>A Hugging Face folder: which files count, how tensors are named, what is refused.</summary>
public sealed class HuggingFaceFolderTests : IDisposable
{
    private const string IndexName = "model.safetensors.index.json";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public unsafe void Tensors_carry_gguf_names()
    {
        using ModelFile file = Open(new HuggingFaceWriter());
        Assert.Equal(
            GgufWriter.TinyLlama().Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            file.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.True(file.TryGetTensor("blk.0.ffn_down.weight", out TensorData tensor));
        Assert.Equal((8, 12), (tensor.Rows, tensor.Columns));
        var bytes = new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Info.ByteLength);
        for (int i = 0; i < 96; i++)
            Assert.Equal(1f + i, BitConverter.ToSingle(bytes[(4 * i)..]));
    }

    [Fact]
    public void The_config_decides_whether_output_is_tied()
    {
        using (ModelFile tied = Open(new HuggingFaceWriter().Set("tie_word_embeddings", true)))
        {
            Assert.True(tied.Configuration.TiedEmbeddings);
            Assert.False(tied.TryGetTensor("output.weight", out _));
        }
        Fails(new HuggingFaceWriter().Remove("lm_head.weight"), "'output.weight' is missing");
    }

    [Fact]
    public void The_config_decides_whether_there_are_biases()
    {
        const string Query = "model.layers.0.self_attn.q_proj.bias";
        using (ModelFile without = Open(new HuggingFaceWriter().Add(Query, 8)))
            Assert.False(without.TryGetTensor("blk.0.attn_q.bias", out _));
        Fails(new HuggingFaceWriter().Add(Query, 8).Set("attention_bias", true), "'blk.0.attn_k.bias' is missing");
        HuggingFaceWriter complete = new HuggingFaceWriter().Set("mlp_bias", true)
            .Add("model.layers.0.mlp.gate_proj.bias", 12).Add("model.layers.0.mlp.up_proj.bias", 12).Add("model.layers.0.mlp.down_proj.bias", 8);
        using ModelFile with = Open(complete);
        Assert.True(with.TryGetTensor("blk.0.ffn_down.bias", out _));
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.rotary_emb.inv_freq")]
    [InlineData("model.layers.1.input_layernorm.weight")]
    [InlineData("model.layers.00.input_layernorm.weight")]
    [InlineData("model.layers.-1.input_layernorm.weight")]
    [InlineData("model.layers..input_layernorm.weight")]
    [InlineData("model.layers.99999999999.input_layernorm.weight")]
    [InlineData("model.layers.0")]
    [InlineData("something.else")]
    public void Tensors_the_network_does_not_use_are_passed_over(string name)
    {
        using ModelFile file = Open(new HuggingFaceWriter().Add(name, 3));
        Assert.Equal(12, file.Tensors.Length);
    }

    [Theory]
    [InlineData("I64", 8)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F64", 8)]
    [InlineData("WHAT", 3)]
    public void Other_types_are_refused_by_name_if_the_network_needs_them(string type, int bytes)
    {
        var header = new JsonObject { ["model.norm.weight"] = HuggingFaceWriter.Entry(type, [8], 0, 8 * bytes) };
        new HuggingFaceWriter().WriteTo(_folder);
        _folder.Write("model.safetensors", HuggingFaceWriter.Safetensors(header.ToJsonString(), new byte[8 * bytes]));
        var error = Assert.Throws<UnsupportedModelException>(() => ModelFile.Open(_folder.Path));
        Assert.Contains(type, error.Found, StringComparison.Ordinal);
        Assert.Contains("model.norm.weight", error.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_shapes_are_told_with_the_expected_ones() =>
        Fails(new HuggingFaceWriter().Remove("model.norm.weight").Add("model.norm.weight", 9), "[8]");

    [Fact]
    public void Shards_are_found_through_the_index()
    {
        WriteShards("a.safetensors", "b.safetensors");
        using ModelFile file = ModelFile.Open(_folder.Path);
        Assert.Equal(12, file.Tensors.Length);
        Assert.Equal(["a.safetensors", "b.safetensors"], file.Tensors.Select(tensor => Path.GetFileName(tensor.File)).Distinct());
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        WriteShards("a.safetensors", "b.safetensors");
        File.Delete(Path.Combine(_folder.Path, "b.safetensors"));
        var error = Assert.Throws<ModelFormatException>(() => ModelFile.Open(_folder.Path));
        Assert.Contains("b.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_must_stand_in_the_shard_the_index_names()
    {
        WriteShards("a.safetensors", "b.safetensors");
        string path = Path.Combine(_folder.Path, IndexName);
        File.WriteAllText(path, File.ReadAllText(path).Replace("model.norm.weight\":\"a", "model.norm.weight\":\"b", StringComparison.Ordinal));
        var error = Assert.Throws<ModelFormatException>(() => ModelFile.Open(_folder.Path));
        Assert.Contains("model.norm.weight", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../a.safetensors")]
    [InlineData("/etc/a.safetensors")]
    [InlineData("sub/a.safetensors")]
    [InlineData("..\\a.safetensors")]
    [InlineData("C:a.safetensors")]
    [InlineData("a\0.safetensors")]
    [InlineData("")]
    [InlineData("config.json")]
    public void Shards_outside_the_folder_are_refused(string name)
    {
        WriteShards("a.safetensors", name);
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(_folder.Path));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"weight_map\":{}}")]
    [InlineData("{\"weight_map\":[]}")]
    [InlineData("{\"weight_map\":{\"a\":1}}")]
    [InlineData("{\"weight_map\":{\"a\\udc00\":\"a.safetensors\"}}")]
    [InlineData("{\"weight_map\":{\"a\":\"\\udc00.safetensors\"}}")]
    public void Broken_indexes_are_refused(string index)
    {
        WriteShards("a.safetensors", "b.safetensors");
        _folder.Write(IndexName, index);
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(_folder.Path));
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("consolidated.00.pth")]
    [InlineData("model.gguf")]
    public void Other_weight_files_are_refused_by_name(string name)
    {
        new HuggingFaceWriter().WriteTo(_folder);
        File.Move(Path.Combine(_folder.Path, "model.safetensors"), Path.Combine(_folder.Path, name));
        var error = Assert.Throws<UnsupportedModelException>(() => ModelFile.Open(_folder.Path));
        Assert.Contains(name, error.Found, StringComparison.Ordinal);
        Assert.Contains("safetensors", error.Supported, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_things_are_named()
    {
        Assert.Throws<FileNotFoundException>(() => ModelFile.Open(Path.Combine(_folder.Path, "nothing")));
        Assert.Contains("config.json", Assert.Throws<FileNotFoundException>(() => ModelFile.Open(_folder.Path)).Message, StringComparison.Ordinal);
        new HuggingFaceWriter().WriteTo(_folder);
        File.Delete(Path.Combine(_folder.Path, "model.safetensors"));
        Assert.Throws<FileNotFoundException>(() => ModelFile.Open(_folder.Path));
        Assert.Throws<ArgumentException>(() => ModelFile.Open(""));
    }

    [Fact]
    public void A_single_weights_file_is_no_model()
    {
        new HuggingFaceWriter().WriteTo(_folder);
        foreach (string name in new[] { "model.safetensors", "config.json" })
        {
            var error = Assert.Throws<UnsupportedModelException>(() => ModelFile.Open(Path.Combine(_folder.Path, name)));
            Assert.Contains("folder", error.Supported, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Generation_config_and_end_tokens()
    {
        _folder.Write("generation_config.json", """{"eos_token_id":[4,3],"temperature":0.6,"do_sample":true}""");
        using (ModelFile file = Open(new HuggingFaceWriter().Set("eos_token_id", 2)))
        {
            Assert.Equal([4, 3, 2], file.EndTokenIds);
            Assert.Equal(0.6, (double)file.GenerationConfig["temperature"]!);
            file.GenerationConfig["temperature"] = 1;
            Assert.Equal(0.6, (double)file.GenerationConfig["temperature"]!);
        }
        _folder.Write("generation_config.json", """{"eos_token_id":4}""");
        using (ModelFile file = Open(new HuggingFaceWriter().Set("eos_token_id", new JsonArray(4, 1))))
            Assert.Equal([4, 1], file.EndTokenIds);
        foreach (string broken in new[] { "[]", "{\"eos_token_id\":\"</s>\"}", "{\"eos_token_id\":[[1]]}", "{\"a\":1,\"a\":2}", "{", "" })
        {
            _folder.Write("generation_config.json", broken);
            Assert.Throws<ModelFormatException>(() => Open(new HuggingFaceWriter()));
        }
    }

    [Fact]
    public void Chat_templates_are_found_in_the_order_of_transformers()
    {
        Assert.Null(Template());
        _folder.Write("tokenizer_config.json", """{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"named"}]}""");
        Assert.Equal("named", Template());
        _folder.Write("tokenizer_config.json", """{"chat_template":"plain ü"}""");
        Assert.Equal("plain ü", Template());
        _folder.Write("chat_template.json", """{"chat_template":"json"}""");
        Assert.Equal("json", Template());
        _folder.Write("chat_template.jinja", "\uFEFFjinja\n");
        Assert.Equal("jinja\n", Template());
        _folder.Write("chat_template.jinja", [(byte)'a', 0xFF]);
        Assert.Equal(1, Assert.Throws<ModelFormatException>(Template).Offset);
    }

    [Theory]
    [InlineData("""{"chat_template":1}""")]
    [InlineData("""{"chat_template":["a"]}""")]
    [InlineData("""{"chat_template":[{"name":1}]}""")]
    [InlineData("""{"chat_template":"\ud800"}""")]
    public void Broken_templates_are_refused(string config)
    {
        _folder.Write("tokenizer_config.json", config);
        Assert.Throws<ModelFormatException>(Template);
    }

    [Fact]
    public void A_folder_in_place_of_a_file_is_refused()
    {
        new HuggingFaceWriter().WriteTo(_folder);
        File.Delete(Path.Combine(_folder.Path, "model.safetensors"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "model.safetensors"));
        Assert.Throws<FileNotFoundException>(() => ModelFile.Open(_folder.Path));
    }

    [Fact]
    public void The_folder_names_the_model()
    {
        using ModelFile file = ModelFile.Open(new HuggingFaceWriter().WriteTo(_folder) + Path.DirectorySeparatorChar);
        Assert.Equal(Path.GetFileName(_folder.Path), file.Name);
    }

    private ModelFile Open(HuggingFaceWriter writer) => ModelFile.Open(writer.WriteTo(_folder));

    private string? Template()
    {
        using ModelFile file = Open(new HuggingFaceWriter());
        return file.ChatTemplate;
    }

    private void Fails(HuggingFaceWriter writer, string expected)
    {
        var error = Assert.Throws<ModelFormatException>(() => Open(writer));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private void WriteShards(string first, string second)
    {
        var writer = new HuggingFaceWriter();
        _folder.Write("config.json", writer.Config.ToJsonString());
        _folder.Write("a.safetensors", HuggingFaceWriter.Safetensors(writer.Tensors.Take(5)));
        _folder.Write("b.safetensors", HuggingFaceWriter.Safetensors(writer.Tensors.Skip(5)));
        var map = new JsonObject();
        for (int i = 0; i < writer.Tensors.Count; i++)
            map[writer.Tensors[i].Name] = i < 5 ? first : second;
        _folder.Write(IndexName, new JsonObject { ["weight_map"] = map }.ToJsonString());
    }
}
