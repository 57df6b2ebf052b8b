using LlamaEngine.Models;

namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Where the rows of a GGUF tensor stand in the source. Hugging Face pairs value i of a head with value i + half for
/// rotation, GGUF pairs 2i with 2i + 1: so the rows of the query and key projections change places within each head.
/// </summary>
/// <param name="headSize">Rows of a head; 0 if the order stays.</param>
/// <param name="rotated">Rows of a head that are rotated.</param>
internal readonly struct RowOrder(int headSize, int rotated)
{
    /// <summary>The order for a tensor of a model.</summary>
    public static RowOrder Of(string tensor, LlamaConfiguration model)
    {
        bool paired = tensor.Contains(".attn_q.", StringComparison.Ordinal) || tensor.Contains(".attn_k.", StringComparison.Ordinal);
        return paired && model.Rope.Layout == RopeLayout.HalfSplit
            ? new RowOrder(model.HeadSize, model.Rope.Dimension)
            : default;
    }

    /// <summary>No row changes its place.</summary>
    public bool IsIdentity => headSize == 0;

    /// <summary>The row of the source that becomes the given row of the GGUF tensor.</summary>
    public long SourceOf(long row)
    {
        if (IsIdentity)
            return row;
        long head = row / headSize, i = row % headSize;
        return i >= rotated ? row : head * headSize + i / 2 + (i % 2 == 0 ? 0 : rotated / 2);
    }
}
