namespace LlamaEngine.Formats.Quantization;

/// <summary>How far a quantization has come.</summary>
/// <param name="Tensor">The tensor in work.</param>
/// <param name="BytesWritten">Bytes of tensor data written so far.</param>
/// <param name="TotalBytes">Bytes of tensor data in all.</param>
internal readonly record struct QuantizationProgress(string Tensor, long BytesWritten, long TotalBytes);
