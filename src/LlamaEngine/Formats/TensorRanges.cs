namespace LlamaEngine.Formats;

/// <summary>Checks that the data of a file's tensors does not overlap.</summary>
internal static class TensorRanges
{
    /// <summary>Makes sure that no two tensors of one file share a byte.</summary>
    /// <exception cref="ModelFormatException">Two of them do; the offset is where the later one starts.</exception>
    public static void EnsureDisjoint(IReadOnlyCollection<TensorInfo> tensors)
    {
        TensorInfo? previous = null;
        foreach (TensorInfo tensor in tensors.OrderBy(t => t.Offset).ThenBy(t => t.ByteLength))
        {
            if (previous is not null && tensor.Offset < previous.Offset + previous.ByteLength)
            {
                throw new ModelFormatException(tensor.File, tensor.Offset,
                    $"the data of tensor '{Untrusted.Show(tensor.Name)}' overlaps that of '{Untrusted.Show(previous.Name)}'.");
            }
            previous = tensor;
        }
    }
}
