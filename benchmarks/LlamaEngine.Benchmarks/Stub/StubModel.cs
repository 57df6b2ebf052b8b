using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Benchmarks.Stub;

/// <summary>A model of one layer without weights: only its sizes matter, since <see cref="StubBackend"/> computes nothing.</summary>
/// <param name="contextLength">Its context.</param>
/// <param name="language">A model whose tokenizer and chat template it has; null: it has none, and a small vocabulary.</param>
internal sealed unsafe class StubModel(int contextLength, ModelFile? language = null) : ModelFile
{
    /// <summary>Tokens in its vocabulary, where it has no language.</summary>
    public const int Vocabulary = 256;

    private const int Width = 8;

    public override string Path => "stub";

    public override string Name => "stub";

    public override LlamaConfiguration Configuration { get; } = new()
    {
        VocabularySize = language?.Configuration.VocabularySize ?? Vocabulary,
        HiddenSize = Width,
        IntermediateSize = Width,
        LayerCount = 1,
        HeadCount = 1,
        KeyValueHeadCount = 1,
        HeadSize = Width,
        RmsNormEpsilon = 1e-5f,
        ContextLength = contextLength,
        Rope = new RopeConfiguration { Base = 10_000, Dimension = Width, Layout = RopeLayout.Interleaved },
    };

    public override ImmutableArray<TensorInfo> Tensors { get; } = [Info("weight")];

    public override string? ChatTemplate => language?.ChatTemplate;

    public override JsonObject GenerationConfig => [];

    public override ImmutableArray<int> EndTokenIds => [];

    public override bool TryGetTensor(string name, out TensorData tensor)
    {
        tensor = new TensorData(Info(name), null);
        return name.EndsWith(".weight", StringComparison.Ordinal);
    }

    public override Tokenizer? LoadTokenizer() => language?.LoadTokenizer();

    public override void Dispose() => language?.Dispose();

    private static TensorInfo Info(string name) => new(name, TensorType.F32, [Width, Width], "stub", 0);
}
