using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>One tokenizer of each kind, from files that stand in the repository.</summary>
internal static class OwnTokenizers
{
    public static readonly string[] Names = ["lexicon", "ranks", "pieces", "pieces without bytes", "json pieces"];

    public static TheoryData<string> All => new(Names);

    public static Tokenizer Load(string name) => name switch
    {
        "lexicon" => Tokenizer.Load(SharedData.Own("tokenizers", "lexicon")),
        "ranks" => TestFiles.Ranks(),
        "pieces" => Tokenizer.Load(SharedData.Own("tokenizers", "sentencepiece", "a.model")),
        "pieces without bytes" => Tokenizer.Load(SharedData.Own("tokenizers", "sentencepiece", "b.model")),
        _ => TestFiles.Variant("byte-fallback"),
    };
}
