using System.Collections.Immutable;

namespace LlamaEngine;

/// <summary>A tensor of a model file: what it is called, what it holds and where it stands.</summary>
/// <param name="Name">GGUF name, for example <c>blk.0.attn_q.weight</c>, whatever the file's own naming is.</param>
/// <param name="Type">How its values are stored.</param>
/// <param name="Shape">Sizes, outermost first: a weight is [rows (outputs), columns (inputs)].</param>
/// <param name="File">The file it stands in.</param>
/// <param name="Offset">Where its data starts in that file, in bytes.</param>
public sealed record TensorInfo(string Name, TensorType Type, ImmutableArray<long> Shape, string File, long Offset)
{
    /// <summary>Number of values.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Bytes of data in the file.</summary>
    public long ByteLength => Formats.TensorTypes.ByteLength(Type, ElementCount);
}
