using System.Collections.Immutable;
using System.Text;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Builds what stands before the tensor data of a GGUF file.</summary>
internal static class GgufWriterHeader
{
    private const int Version = 3;

    /// <summary>Builds the header, padded so that tensor data can follow.</summary>
    /// <exception cref="ArgumentException">A value or tensor cannot be written, or a name occurs twice.</exception>
    public static byte[] Build(IEnumerable<KeyValuePair<string, object>> metadata, ImmutableArray<TensorInfo> tensors)
    {
        KeyValuePair<string, object>[] entries = [.. metadata];
        EnsureDistinct(entries.Select(entry => entry.Key), "metadata key");
        EnsureDistinct(tensors.Select(tensor => tensor.Name), "tensor");
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((long)tensors.Length);
        writer.Write((long)entries.Length);
        foreach ((string key, object value) in entries)
        {
            WriteString(writer, key);
            GgufWriterValues.Write(writer, key, value);
        }
        WriteTensors(writer, tensors);
        writer.Write(new byte[GgufWriter.Align(bytes.Length) - bytes.Length]);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>A text: its length in bytes, then UTF-8.</summary>
    public static void WriteString(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((long)utf8.Length);
        writer.Write(utf8);
    }

    /// <summary>Describes the tensors; sizes stand innermost first, offsets count from the end of the header.</summary>
    private static void WriteTensors(BinaryWriter writer, ImmutableArray<TensorInfo> tensors)
    {
        long offset = 0;
        foreach (TensorInfo tensor in tensors)
        {
            if (tensor.Shape.Length is < 1 or > 4 || tensor.Shape[^1] % tensor.Type.ValuesPerBlock() != 0)
                throw new ArgumentException($"Tensor '{tensor.Name}' [{string.Join(", ", tensor.Shape)}] cannot be stored as {tensor.Type}.");
            WriteString(writer, tensor.Name);
            writer.Write(tensor.Shape.Length);
            for (int i = tensor.Shape.Length - 1; i >= 0; i--)
                writer.Write(tensor.Shape[i]);
            writer.Write((int)tensor.Type);
            writer.Write(offset);
            offset = checked(offset + GgufWriter.Align(tensor.ByteLength));
        }
    }

    private static void EnsureDistinct(IEnumerable<string> names, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (!seen.Add(name))
                throw new ArgumentException($"The {what} '{name}' occurs twice.");
        }
    }
}
