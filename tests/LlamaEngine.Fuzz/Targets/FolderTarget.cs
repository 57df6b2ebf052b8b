using System.Text;
using LlamaEngine.Formats;
using LlamaEngine.Fuzz.Mutation;
using LlamaEngine.Fuzz.Seeds;

namespace LlamaEngine.Fuzz.Targets;

/// <summary>One damaged file in an otherwise valid Hugging Face folder.</summary>
/// <param name="name">Name of the target.</param>
/// <param name="damaged">The file that takes the input.</param>
/// <param name="seeds">Valid contents of that file.</param>
/// <param name="others">The other files.</param>
/// <param name="mutate">How the input is damaged.</param>
internal sealed class FolderTarget(
    string name, string damaged, IReadOnlyList<byte[]> seeds, IReadOnlyDictionary<string, byte[]> others, Func<byte[], Random, byte[]> mutate) : FuzzTarget
{
    private string? _prepared;

    public override string Name => name;

    public override IReadOnlyList<byte[]> Seeds => seeds;

    /// <summary>config.json.</summary>
    public static FolderTarget Config() => new("config", "config.json", [.. TinyModel.Configs.Select(Encoding.UTF8.GetBytes)],
        new Dictionary<string, byte[]> { ["model.safetensors"] = TinyModel.Safetensors() }, JsonMutator.Mutate);

    /// <summary>generation_config.json and tokenizer_config.json.</summary>
    public static IEnumerable<FolderTarget> Settings()
    {
        var others = new Dictionary<string, byte[]> { ["config.json"] = ConfigJson, ["model.safetensors"] = TinyModel.Safetensors() };
        byte[] generation = """{"bos_token_id":1,"eos_token_id":[2,3],"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":50,"repetition_penalty":1.1}"""u8.ToArray();
        byte[] tokenizer = """{"add_bos_token":true,"bos_token":{"content":"<s>","lstrip":false},"eos_token":"</s>","chat_template":[{"name":"default","template":"{{ messages }}"},{"name":"tool","template":"x"}],"model_max_length":1e30}"""u8.ToArray();
        yield return new FolderTarget("generation-config", "generation_config.json", [generation], others, JsonMutator.Mutate);
        others = new Dictionary<string, byte[]>(others) { ["tokenizer.json"] = TinyVocabulary.PiecesJson() };
        yield return new FolderTarget("tokenizer-config", "tokenizer_config.json", [tokenizer], others, JsonMutator.Mutate);
    }

    /// <summary>model.safetensors, as bytes and with a damaged but consistent header.</summary>
    public static FolderTarget Safetensors() => new("safetensors", "model.safetensors", [TinyModel.Safetensors()],
        new Dictionary<string, byte[]> { ["config.json"] = ConfigJson }, MutateSafetensors);

    /// <summary>model.safetensors.index.json.</summary>
    public static FolderTarget Index() => new("safetensors-index", "model.safetensors.index.json", [TinyModel.Index("a.safetensors")],
        new Dictionary<string, byte[]> { ["config.json"] = ConfigJson, ["a.safetensors"] = TinyModel.Safetensors() }, JsonMutator.Mutate);

    public override byte[] Mutate(byte[] seed, Random random) => mutate(seed, random);

    public override void Execute(byte[] input, string folder)
    {
        if (_prepared != folder)
        {
            foreach ((string file, byte[] content) in others)
                File.WriteAllBytes(Path.Combine(folder, file), content);
            _prepared = folder;
        }
        File.WriteAllBytes(Path.Combine(folder, damaged), input);
        using ModelFile model = ModelFile.Open(folder);
        ModelProbe.Use(model);
    }

    private static byte[] ConfigJson => Encoding.UTF8.GetBytes(TinyModel.Config);

    private static byte[] MutateSafetensors(byte[] seed, Random random)
    {
        int length = (int)BitConverter.ToInt64(seed);
        if (random.Next(3) == 0)
            return ByteMutator.Mutate(seed, random, seed, length + 8);
        byte[] header = JsonMutator.Mutate(seed[8..(8 + length)], random);
        long written = random.Next(8) == 0 ? length : header.Length;
        return [.. BitConverter.GetBytes(written), .. header, .. seed[(8 + length)..]];
    }
}
