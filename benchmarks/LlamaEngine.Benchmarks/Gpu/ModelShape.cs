using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>The dimensions of a model that kernels see.</summary>
internal sealed record ModelShape(string Name, int Hidden, int Inner, int Heads, int KeyValueHeads, int HeadSize, int Vocabulary)
{
    /// <summary>Three Llama models; in a hurry, one that nobody ever trained.</summary>
    public static ModelShape[] All(bool quick) => quick
        ? [new ModelShape("tiny", 256, 512, 4, 2, 64, 512)]
        : [Of("llama-3.2-1b"), Of("llama-3.2-3b"), Of("llama-3.1-8b")];

    /// <summary>Inputs and outputs of the linear layers of one transformer layer, as they are computed: Q, K, V as one, gate and up as one.</summary>
    public (string Name, int Inputs, int Outputs)[] LinearLayers =>
    [
        ("qkv", Hidden, (Heads + 2 * KeyValueHeads) * HeadSize),
        ("output", Heads * HeadSize, Hidden),
        ("gate and up", Hidden, 2 * Inner),
        ("down", Inner, Hidden),
    ];

    private static ModelShape Of(string name)
    {
        LlamaConfiguration model = SyntheticShapes.Find(name);
        return new ModelShape(name, model.HiddenSize, model.IntermediateSize, model.HeadCount, model.KeyValueHeadCount, model.HeadSize, model.VocabularySize);
    }
}
