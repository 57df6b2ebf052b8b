using System.Collections.Immutable;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Engine;

/// <summary>
/// A corner of Lexicon as a model of its own: one layer of 64 in place of five of 256, with the vocabulary, the template and the context
/// of the whole. It speaks nonsense, the same every time.
/// </summary>
internal static unsafe class LexiconSlice
{
    private const int Layers = 1, Hidden = 64, Heads = 2, HeadSize = 32, FeedForward = 96;

    private static readonly Lazy<string> s_path = new(Write);

    public static string Path => s_path.Value;

    private static string Write()
    {
        string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"lexicon-slice-{Environment.ProcessId}.gguf");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(path);
        using ModelFile lexicon = ModelFile.Open(Lexicon.Model);
        Dictionary<string, object> metadata = ModelMetadata.Of(lexicon);
        metadata["llama.block_count"] = (uint)Layers;
        metadata["llama.embedding_length"] = (uint)Hidden;
        metadata["llama.feed_forward_length"] = (uint)FeedForward;
        metadata["llama.attention.head_count"] = (uint)Heads;
        metadata["llama.attention.head_count_kv"] = 1u;
        metadata["llama.attention.key_length"] = metadata["llama.attention.value_length"] = metadata["llama.rope.dimension_count"] = (uint)HeadSize;
        ImmutableArray<TensorInfo> tensors = [.. lexicon.Tensors.Where(IsKept).Select(tensor => tensor with { Shape = Sliced(tensor) })];
        using GgufWriter writer = GgufWriter.Create(path, metadata, tensors);
        foreach (TensorInfo slice in tensors)
        {
            Assert.True(lexicon.TryGetTensor(slice.Name, out TensorData whole));
            int rows = slice.Shape.Length < 2 ? 1 : (int)slice.Shape[0];
            for (int row = 0; row < rows; row++)
                writer.Write(new ReadOnlySpan<byte>(whole.Data + row * whole.RowBytes, (int)slice.Type.ByteLength(slice.Shape[^1])));
        }
        writer.Complete();
        return path;
    }

    private static bool IsKept(TensorInfo tensor) => !tensor.Name.StartsWith("blk.", StringComparison.Ordinal) || tensor.Name.StartsWith("blk.0.", StringComparison.Ordinal);

    private static ImmutableArray<long> Sliced(TensorInfo tensor)
    {
        string part = tensor.Name.Split('.')[^2];
        long columns = part == "ffn_down" ? FeedForward : Hidden;
        return tensor.Shape.Length < 2 ? [columns] : [part switch
        {
            "token_embd" => tensor.Shape[0],
            "attn_q" => Heads * HeadSize,
            "attn_k" or "attn_v" => HeadSize,
            "ffn_gate" or "ffn_up" => FeedForward,
            _ => Hidden,
        }, columns];
    }
}
