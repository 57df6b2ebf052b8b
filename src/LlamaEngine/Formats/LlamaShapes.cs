using LlamaEngine.Models;

namespace LlamaEngine.Formats;

/// <summary>The tensors a Llama network needs, with the shapes its configuration gives them.</summary>
internal static class LlamaShapes
{
    /// <summary>Makes sure that every needed tensor is there and has the shape it should have.</summary>
    /// <param name="file">What to name where a tensor is missing.</param>
    /// <param name="attentionBias">The biases of the attention's projections must be there; otherwise they may.</param>
    /// <param name="feedForwardBias">The biases of the feed-forward layer must be there; otherwise they may.</param>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    public static void Check(
        LlamaConfiguration model, TensorTable tensors, string file, bool attentionBias = false, bool feedForwardBias = false)
    {
        var check = new Checker(tensors, file);
        int query = model.HeadCount * model.HeadSize, hidden = model.HiddenSize, inner = model.IntermediateSize;
        long keyValue = (long)model.KeyValueHeadCount * model.HeadSize;
        check.Weight("token_embd", model.VocabularySize, hidden);
        for (int i = 0; i < model.LayerCount; i++)
        {
            check.Vector($"blk.{i}.attn_norm.weight", hidden);
            check.Linear($"blk.{i}.attn_q", query, hidden, attentionBias);
            check.Linear($"blk.{i}.attn_k", keyValue, hidden, attentionBias);
            check.Linear($"blk.{i}.attn_v", keyValue, hidden, attentionBias);
            check.Linear($"blk.{i}.attn_output", hidden, query, attentionBias);
            check.Vector($"blk.{i}.ffn_norm.weight", hidden);
            check.Linear($"blk.{i}.ffn_gate", inner, hidden, feedForwardBias);
            check.Linear($"blk.{i}.ffn_up", inner, hidden, feedForwardBias);
            check.Linear($"blk.{i}.ffn_down", hidden, inner, feedForwardBias);
        }
        check.Vector("output_norm.weight", hidden);
        if (!model.TiedEmbeddings)
            check.Weight("output", model.VocabularySize, hidden);
    }

    private readonly struct Checker(TensorTable tensors, string file)
    {
        /// <summary>A weight with a bias that may or must be there.</summary>
        public void Linear(string name, long rows, long columns, bool bias)
        {
            Weight(name, rows, columns);
            string biasName = name + ".bias";
            if (bias || tensors.TryGet(biasName, out _))
                Vector(biasName, rows);
        }

        public void Weight(string name, long rows, long columns)
        {
            TensorInfo info = Find(name + ".weight");
            if (info.Shape.Length != 2 || info.Shape[0] != rows || info.Shape[1] != columns)
                throw Wrong(info, $"[{rows}, {columns}]");
        }

        public void Vector(string name, long length)
        {
            TensorInfo info = Find(name);
            if (info.Shape.Length != 1 || info.Shape[0] != length)
                throw Wrong(info, $"[{length}]");
        }

        private TensorInfo Find(string name) => tensors.TryGet(name, out TensorData tensor)
            ? tensor.Info
            : throw new ModelFormatException(file, null, $"tensor '{name}' is missing.");

        private static ModelFormatException Wrong(TensorInfo info, string expected) => new(info.File, info.Offset,
            $"tensor '{info.Name}' has the shape [{string.Join(", ", info.Shape)}], but the configuration calls for {expected}.");
    }
}
