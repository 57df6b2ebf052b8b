using System.Collections.Immutable;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Models;

namespace LlamaEngine.Formats;

/// <summary>The published dimensions of the models that <see cref="SyntheticModel"/> can imitate.</summary>
internal static class SyntheticShapes
{
    /// <summary>The names it knows.</summary>
    public static ImmutableArray<string> Names { get; } =
        ["llama-3.2-1b", "llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b", "smollm2-135m"];

    /// <summary>The configuration of a name.</summary>
    /// <exception cref="ArgumentException">The name is unknown.</exception>
    public static LlamaConfiguration Find(string name) => name switch
    {
        "llama-3.2-1b" => Llama3(2048, 8192, layers: 16, heads: 32, headSize: 64, factor: 32, tied: true),
        "llama-3.2-3b" => Llama3(3072, 8192, layers: 28, heads: 24, headSize: 128, factor: 32, tied: true),
        "llama-3.1-8b" => Llama3(4096, 14336, layers: 32, heads: 32, headSize: 128, factor: 8, tied: false),
        "llama-3.1-70b" => Llama3(8192, 28672, layers: 80, heads: 64, headSize: 128, factor: 8, tied: false),
        "smollm2-135m" => SmolLM2(),
        _ => throw new ArgumentException($"Unknown shape '{name}'; known: {string.Join(", ", Names)}."),
    };

    /// <summary>The tensors of a configuration, all weights in one type where their rows allow it.</summary>
    public static ImmutableArray<TensorInfo> Tensors(LlamaConfiguration model, TensorType type)
    {
        var tensors = ImmutableArray.CreateBuilder<TensorInfo>();
        long query = (long)model.HeadCount * model.HeadSize, keyValue = (long)model.KeyValueHeadCount * model.HeadSize;
        Weight("token_embd.weight", model.VocabularySize, model.HiddenSize);
        if (!model.Rope.FrequencyDivisors.IsEmpty)
            Vector(GgufWriterMetadata.DivisorsName, model.Rope.FrequencyDivisors.Length);
        for (int i = 0; i < model.LayerCount; i++)
        {
            Vector($"blk.{i}.attn_norm.weight", model.HiddenSize);
            Weight($"blk.{i}.attn_q.weight", query, model.HiddenSize);
            Weight($"blk.{i}.attn_k.weight", keyValue, model.HiddenSize);
            Weight($"blk.{i}.attn_v.weight", keyValue, model.HiddenSize);
            Weight($"blk.{i}.attn_output.weight", model.HiddenSize, query);
            Vector($"blk.{i}.ffn_norm.weight", model.HiddenSize);
            Weight($"blk.{i}.ffn_gate.weight", model.IntermediateSize, model.HiddenSize);
            Weight($"blk.{i}.ffn_up.weight", model.IntermediateSize, model.HiddenSize);
            Weight($"blk.{i}.ffn_down.weight", model.HiddenSize, model.IntermediateSize);
        }
        Vector("output_norm.weight", model.HiddenSize);
        if (!model.TiedEmbeddings)
            Weight("output.weight", model.VocabularySize, model.HiddenSize);
        return tensors.ToImmutable();

        void Weight(string name, long rows, long columns) =>
            tensors.Add(new TensorInfo(name, Quantization.TypeFallback.ForColumns(type, columns), [rows, columns], "synthetic", 0));
        void Vector(string name, long length) => tensors.Add(new TensorInfo(name, TensorType.F32, [length], "synthetic", 0));
    }

    private static LlamaConfiguration Llama3(int hidden, int inner, int layers, int heads, int headSize, float factor, bool tied)
    {
        var rope = new RopeConfiguration
        {
            Base = 500_000,
            Dimension = headSize,
            Layout = RopeLayout.Interleaved,
            Scaling = RopeScaling.Llama3,
            Factor = factor,
            OriginalContextLength = 8192,
        };
        return new LlamaConfiguration
        {
            VocabularySize = 128_256,
            HiddenSize = hidden,
            IntermediateSize = inner,
            LayerCount = layers,
            HeadCount = heads,
            KeyValueHeadCount = 8,
            HeadSize = headSize,
            RmsNormEpsilon = 1e-5f,
            ContextLength = 131_072,
            TiedEmbeddings = tied,
            // As a GGUF file has it: the scaling stands in the divisors.
            Rope = rope with { Scaling = RopeScaling.None, FrequencyDivisors = [.. GgufWriterMetadata.FrequencyDivisors(rope)] },
        };
    }

    private static LlamaConfiguration SmolLM2() => new()
    {
        VocabularySize = 49_152,
        HiddenSize = 576,
        IntermediateSize = 1536,
        LayerCount = 30,
        HeadCount = 9,
        KeyValueHeadCount = 3,
        HeadSize = 64,
        RmsNormEpsilon = 1e-5f,
        ContextLength = 8192,
        TiedEmbeddings = true,
        Rope = new RopeConfiguration { Base = 100_000, Dimension = 64, Layout = RopeLayout.Interleaved },
    };
}
