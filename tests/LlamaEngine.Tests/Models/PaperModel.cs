using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Models;

/// <summary>A model that exists on paper only, with sizes small enough to compute plans by hand.</summary>
/// <remarks>
/// 80 float32 and 32 eight-bit weights: 320 + 34 bytes. A position takes 2 (keys, values) × 2 layers × 1 head × 16 values. A row of
/// the workspace takes 4·8 + 3·32 + 2·16 + 3·12 = 196 values, a row of logits 10.
/// </remarks>
internal sealed class PaperModel(int contextLength, int layers = 2, int headSize = 16) : ModelFile
{
    public override string Path => "paper";

    public override string Name => "paper";

    public override LlamaConfiguration Configuration { get; } = new()
    {
        VocabularySize = 10,
        HiddenSize = 8,
        IntermediateSize = 12,
        LayerCount = layers,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadSize = headSize,
        RmsNormEpsilon = 1e-5f,
        ContextLength = contextLength,
        Rope = new RopeConfiguration { Base = 10_000, Dimension = 4, Layout = RopeLayout.Interleaved },
    };

    public override ImmutableArray<TensorInfo> Tensors { get; } =
    [
        new TensorInfo("a", TensorType.F32, [10, 8], "paper", 0),
        new TensorInfo("b", TensorType.Q8_0, [1, 32], "paper", 0),
    ];

    public override string? ChatTemplate => null;

    public override JsonObject GenerationConfig => [];

    public override ImmutableArray<int> EndTokenIds => [];

    public override bool TryGetTensor(string name, out TensorData tensor) => throw new InvalidOperationException("A plan reads no weights.");

    public override Tokenizer? LoadTokenizer() => null;

    public override void Dispose()
    {
    }
}
