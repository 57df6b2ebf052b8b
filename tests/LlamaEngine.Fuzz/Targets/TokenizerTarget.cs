using LlamaEngine.Fuzz.Mutation;
using LlamaEngine.Fuzz.Seeds;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Fuzz.Targets;

/// <summary>tokenizer.json and tokenizer.model.</summary>
internal sealed class TokenizerTarget : FuzzTarget
{
    private readonly string _file;
    private readonly Func<byte[], Random, byte[]> _mutate;

    private TokenizerTarget(string name, string file, IReadOnlyList<byte[]> seeds, Func<byte[], Random, byte[]> mutate)
    {
        Name = name;
        Seeds = seeds;
        _file = file;
        _mutate = mutate;
    }

    public override string Name { get; }

    public override IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>tokenizer.json of both kinds with all splits.</summary>
    public static TokenizerTarget Json()
    {
        const string Bytes = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
        const string Split = """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}""";
        const string Digits = """{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]}""";
        byte[][] seeds = [TinyVocabulary.ByteLevelJson(Bytes), TinyVocabulary.ByteLevelJson(Split), TinyVocabulary.ByteLevelJson(Digits), TinyVocabulary.PiecesJson()];
        return new TokenizerTarget("tokenizer-json", "tokenizer.json", seeds, JsonMutator.Mutate);
    }

    /// <summary>tokenizer.model in SentencePiece's and tiktoken's forms.</summary>
    public static TokenizerTarget Model()
    {
        byte[][] seeds = [TinyVocabulary.PiecesModel(), TinyVocabulary.Tiktoken()];
        return new TokenizerTarget("tokenizer-model", "tokenizer.model", seeds,
            (seed, random) => ByteMutator.Mutate(seed, random, seeds[random.Next(seeds.Length)], seed.Length));
    }

    public override byte[] Mutate(byte[] seed, Random random) => _mutate(seed, random);

    public override void Execute(byte[] input, string folder)
    {
        string path = Path.Combine(folder, _file);
        File.WriteAllBytes(path, input);
        ModelProbe.Use(Tokenizer.Load(path));
    }
}
