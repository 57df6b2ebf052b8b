using System.Diagnostics;
using System.Text;
using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Formats;

/// <summary>Thousands of damaged files: each opens or gives a typed exception, soon and without a large allocation.</summary>
public sealed class MutationTests : IDisposable
{
    /// <summary>A tiny file needs a few dozen kilobytes; the rest is slack for exceptions and their messages.</summary>
    private const long LargestAllocation = 2 << 20;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gguf(int seed)
    {
        string[] tokens = ["a", "b", "c", "<|eot_id|>", "e"];
        int[] types = [1, 1, 1, 3, 1];
        byte[] seedFile = GgufWriter.TinyLlama().Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.token_type", types)
            .Set("llama.rope.scaling.type", "yarn").Set("llama.rope.scaling.factor", 4f).Set("llama.rope.scaling.original_context_length", 32u)
            .AddFloats("rope_freqs.weight", 2).ToArray();
        // The header is where the structure is; the data behind it may hold anything.
        Mutate(seedFile, seed, 1500, header: 1500, bytes => ModelFile.Open(_folder.Write("model.gguf", bytes)));
    }

    [Fact]
    public void Safetensors()
    {
        new HuggingFaceWriter().WriteTo(_folder);
        byte[] seedFile = File.ReadAllBytes(Path.Combine(_folder.Path, "model.safetensors"));
        Mutate(seedFile, 3, 1500, header: 1200, bytes =>
        {
            _folder.Write("model.safetensors", bytes);
            return ModelFile.Open(_folder.Path);
        });
    }

    [Fact]
    public void Config()
    {
        new HuggingFaceWriter().WriteTo(_folder);
        byte[] seedFile = Encoding.UTF8.GetBytes("""
            {"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":8,"intermediate_size":12,"num_hidden_layers":1,
            "num_attention_heads":2,"num_key_value_heads":1,"vocab_size":5,"max_position_embeddings":64,"rms_norm_eps":1e-5,"head_dim":4,
            "eos_token_id":[1,2],"tie_word_embeddings":false,"rope_theta":1e4,"rope_scaling":{"rope_type":"yarn","factor":4.0}}
            """);
        Mutate(seedFile, 4, 1500, header: seedFile.Length, bytes =>
        {
            _folder.Write("config.json", bytes);
            return ModelFile.Open(_folder.Path);
        });
    }

    [Fact]
    public void Index_generation_config_and_template()
    {
        var writer = new HuggingFaceWriter();
        writer.WriteTo(_folder);
        File.Move(Path.Combine(_folder.Path, "model.safetensors"), Path.Combine(_folder.Path, "a.safetensors"));
        string map = string.Join(',', writer.Tensors.Select(tensor => $"\"{tensor.Name}\":\"a.safetensors\""));
        MutateJson("model.safetensors.index.json", $"{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{map}}}}}", 5);
        MutateJson("generation_config.json", """{"eos_token_id":[1,2],"temperature":0.6,"top_p":0.9,"nested":{"a":["b",null,true]}}""", 6);
        MutateJson("tokenizer_config.json", """{"chat_template":[{"name":"default","template":"{{ x }}"}],"added_tokens_decoder":{"1":{}}}""", 7);
    }

    private void MutateJson(string name, string seedFile, int seed)
    {
        Mutate(Encoding.UTF8.GetBytes(seedFile), seed, 500, header: seedFile.Length, bytes =>
        {
            _folder.Write(name, bytes);
            return ModelFile.Open(_folder.Path);
        });
        _folder.Write(name, seedFile);
        ModelFile.Open(_folder.Path).Dispose();
    }

    private static void Mutate(byte[] seedFile, int seed, int rounds, int header, Func<byte[], ModelFile> open)
    {
        open(seedFile).Dispose();
        var mutator = new Mutator(seed);
        int opened = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] bytes = mutator.Mutate(seedFile, header);
            // A busy machine may hold up one attempt; a slow input is slow every time.
            if (Attempt(round, bytes, open, ref opened) > s_longest && Attempt(round, bytes, open, ref opened) > s_longest)
                Assert.InRange(Attempt(round, bytes, open, ref opened), TimeSpan.Zero, s_longest);
        }
        // Were nothing or everything accepted, the mutations would be testing nothing.
        Assert.InRange(opened, 1, rounds - 1);
    }

    /// <summary>Opens the bytes and returns how long it took.</summary>
    private static TimeSpan Attempt(int round, byte[] bytes, Func<byte[], ModelFile> open, ref int opened)
    {
        long clock = Stopwatch.GetTimestamp(), allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            open(bytes).Dispose();
            opened++;
        }
        catch (Exception error) when (error is ModelFormatException or UnsupportedModelException)
        {
        }
        catch (Exception error)
        {
            Assert.Fail($"round {round}: {error}");
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, LargestAllocation);
        return Stopwatch.GetElapsedTime(clock);
    }
}
