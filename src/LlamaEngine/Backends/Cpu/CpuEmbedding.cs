using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Backends.Cpu;

/// <summary>An embedding table, read in place: a step needs only its tokens' rows.</summary>
internal sealed unsafe class CpuEmbedding(TensorData table) : EmbeddingWeight(table.Rows, table.Columns)
{
    private readonly long _rowBytes = table.RowBytes;

    /// <summary>Decodes one row.</summary>
    public void Decode(int token, float* destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)Vocabulary, nameof(token));
        BlockCodec.Decode(table.Type, table.Data + token * _rowBytes, destination, Width);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
