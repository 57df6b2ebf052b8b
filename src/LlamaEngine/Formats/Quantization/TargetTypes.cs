namespace LlamaEngine.Formats.Quantization;

/// <summary>Which type each tensor gets when a model is quantized.</summary>
internal static class TargetTypes
{
    /// <summary>
    /// Vectors and norms stay F32, since they are small and everything passes through them. The output projection (or the
    /// embedding, where that is the output as well) gets at least 6 bits, since its errors reach the logits directly. Rows
    /// that do not fill blocks fall back. These are llama.cpp's rules too.
    /// </summary>
    /// <param name="tensor">The tensor, by its GGUF name.</param>
    /// <param name="wanted">The type asked for.</param>
    /// <param name="tiedEmbeddings">The output projection is the embedding.</param>
    public static TensorType Choose(TensorInfo tensor, TensorType wanted, bool tiedEmbeddings)
    {
        if (tensor.Shape.Length < 2 || !tensor.Name.EndsWith(".weight", StringComparison.Ordinal) ||
            tensor.Name.EndsWith("_norm.weight", StringComparison.Ordinal))
        {
            return TensorType.F32;
        }
        bool output = tensor.Name == (tiedEmbeddings ? "token_embd.weight" : "output.weight");
        if (output && wanted is (TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q4_K))
            wanted = TensorType.Q6_K;
        return TypeFallback.ForColumns(wanted, tensor.Shape[^1]);
    }
}
