using LlamaEngine.Backends;
using LlamaEngine.Formats;

namespace LlamaEngine.Models;

/// <summary>Hands the tensors of a file to a backend, reports progress, and keeps a list of what was made.</summary>
internal sealed class WeightReader(
    ModelFile file, IBackend backend, List<IDisposable> owned, IProgress<LoadProgress>? progress, CancellationToken cancellation)
{
    private readonly long _totalBytes = file.Tensors.Sum(tensor => tensor.ByteLength);
    private long _completedBytes;

    /// <summary>An embedding table.</summary>
    public EmbeddingWeight Embedding(string name) => Prepare(backend.LoadEmbedding, Find(name));

    /// <summary>A norm's weight.</summary>
    public VectorWeight Vector(string name) => Prepare(backend.LoadVector, Find(name));

    /// <summary>One linear layer from weights that stand side by side, with their biases if there are any.</summary>
    /// <param name="names">Names without <c>.weight</c> and <c>.bias</c>, in output order.</param>
    public LinearWeight Linear(params ReadOnlySpan<string> names)
    {
        var weights = new TensorData[names.Length];
        var biases = new TensorData[names.Length];
        bool anyBias = false;
        for (int i = 0; i < names.Length; i++)
        {
            weights[i] = Find(names[i] + ".weight");
            anyBias |= file.TryGetTensor(names[i] + ".bias", out biases[i]);
        }
        cancellation.ThrowIfCancellationRequested();
        LinearWeight linear = backend.LoadLinear(weights, anyBias ? biases : [], cancellation);
        owned.Add(linear);
        Report(weights.Sum(weight => weight.Info.ByteLength));
        return linear;
    }

    private T Prepare<T>(Func<TensorData, T> load, TensorData tensor) where T : IDisposable
    {
        cancellation.ThrowIfCancellationRequested();
        T weight = load(tensor);
        owned.Add(weight);
        Report(tensor.Info.ByteLength);
        return weight;
    }

    private TensorData Find(string name) => file.TryGetTensor(name, out TensorData tensor)
        ? tensor
        : throw new ModelFormatException(file.Path, null, $"tensor '{name}' is missing.");

    private void Report(long bytes)
    {
        _completedBytes += bytes;
        progress?.Report(new LoadProgress("Loading weights", Math.Min(_completedBytes, _totalBytes), _totalBytes));
    }
}
