using LlamaEngine.Formats;
using LlamaEngine.Fuzz.Mutation;
using LlamaEngine.Fuzz.Seeds;

namespace LlamaEngine.Fuzz.Targets;

/// <summary>GGUF files.</summary>
internal sealed class GgufTarget : FuzzTarget
{
    public override string Name => "gguf";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        TinyModel.Gguf(TensorType.F32, AllKinds()),
        TinyModel.Gguf(TensorType.Q4_0, TinyVocabulary.PiecesMetadata()),
        TinyModel.Gguf(TensorType.Q8_0, TinyVocabulary.ByteLevelMetadata("llama-bpe")),
        TinyModel.Gguf(TensorType.BF16, TinyVocabulary.ByteLevelMetadata("smollm")),
    ];

    /// <summary>Bytes before the tensor data are what matters; in these files they are most of the first third at least.</summary>
    public override byte[] Mutate(byte[] seed, Random random) =>
        ByteMutator.Mutate(seed, random, Seeds[random.Next(Seeds.Count)], random.Next(3) == 0 ? 1024 : seed.Length / 3);

    public override void Execute(byte[] input, string folder)
    {
        string path = Path.Combine(folder, "input.gguf");
        File.WriteAllBytes(path, input);
        using ModelFile model = ModelFile.Open(path);
        ModelProbe.Use(model);
    }

    /// <summary>A value of every kind that metadata has, and the keys of YaRN.</summary>
    private static Dictionary<string, object> AllKinds() => new()
    {
        ["tokenizer.ggml.model"] = "no_vocab",
        ["llama.rope.scaling.type"] = "yarn",
        ["llama.rope.scaling.factor"] = 2f,
        ["llama.rope.scaling.original_context_length"] = 32u,
        ["general.alignment"] = 32u,
        ["general.sampling.temp"] = 0.5f,
        ["a.byte"] = (byte)1,
        ["a.sbyte"] = (sbyte)-1,
        ["a.short"] = (short)-1,
        ["a.ushort"] = (ushort)1,
        ["a.long"] = -1L,
        ["a.ulong"] = 1UL,
        ["a.double"] = 1.0,
        ["a.bool"] = true,
        ["a.bools"] = new[] { true, false },
        ["a.texts"] = new[] { "one", "two" },
        ["a.doubles"] = new[] { 1.0, 2.0 },
        ["a.nest"] = new Array[] { new[] { 1, 2 }, new[] { "x" } },
    };
}
