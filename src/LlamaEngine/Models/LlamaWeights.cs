using LlamaEngine.Backends;
using LlamaEngine.Formats;

namespace LlamaEngine.Models;

/// <summary>The weights of a Llama network, prepared by a backend.</summary>
/// <remarks>Owns what the backend made; the model file must stay open as long, since weights may be used in place.</remarks>
internal sealed class LlamaWeights : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private LlamaWeights(int layers) => Layers = new LlamaLayerWeights[layers];

    /// <summary>token_embd [vocabulary, hidden].</summary>
    public EmbeddingWeight Embedding { get; private set; } = null!;

    /// <summary>The transformer layers.</summary>
    public LlamaLayerWeights[] Layers { get; }

    /// <summary>output_norm [hidden].</summary>
    public VectorWeight OutputNorm { get; private set; } = null!;

    /// <summary>output, or token_embd where tied [vocabulary, hidden].</summary>
    public LinearWeight Head { get; private set; } = null!;

    /// <summary>Prepares all weights of a file.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; everything prepared so far was freed.</exception>
    public static LlamaWeights Load(
        ModelFile file, IBackend backend, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        var weights = new LlamaWeights(file.Configuration.LayerCount);
        try
        {
            var reader = new WeightReader(file, backend, weights._owned, progress, cancellation);
            weights.Embedding = reader.Embedding("token_embd.weight");
            for (int i = 0; i < weights.Layers.Length; i++)
                weights.Layers[i] = LlamaLayerWeights.Load(reader, $"blk.{i}.");
            weights.OutputNorm = reader.Vector("output_norm.weight");
            weights.Head = reader.Linear(file.Configuration.TiedEmbeddings ? "token_embd" : "output");
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable weight in _owned)
            weight.Dispose();
        _owned.Clear();
    }
}

/// <summary>The weights of one transformer layer.</summary>
/// <param name="AttentionNorm">[hidden]</param>
/// <param name="QueryKeyValue">[(heads + 2 · kvHeads) · headSize, hidden]</param>
/// <param name="AttentionOutput">[hidden, heads · headSize]</param>
/// <param name="MlpNorm">[hidden]</param>
/// <param name="GateUp">[2 · intermediate, hidden]</param>
/// <param name="Down">[hidden, intermediate]</param>
internal sealed record LlamaLayerWeights(
    VectorWeight AttentionNorm,
    LinearWeight QueryKeyValue,
    LinearWeight AttentionOutput,
    VectorWeight MlpNorm,
    LinearWeight GateUp,
    LinearWeight Down)
{
    /// <summary>Prepares the tensors whose names start with <paramref name="prefix"/>.</summary>
    public static LlamaLayerWeights Load(WeightReader reader, string prefix) => new(
        reader.Vector(prefix + "attn_norm.weight"),
        reader.Linear(prefix + "attn_q", prefix + "attn_k", prefix + "attn_v"),
        reader.Linear(prefix + "attn_output"),
        reader.Vector(prefix + "ffn_norm.weight"),
        reader.Linear(prefix + "ffn_gate", prefix + "ffn_up"),
        reader.Linear(prefix + "ffn_down"));
}
