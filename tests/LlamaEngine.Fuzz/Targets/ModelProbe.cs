using LlamaEngine.Formats;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Fuzz.Targets;

/// <summary>Uses what was opened, as the engine would: a file that opens must also be safe to use.</summary>
internal static unsafe class ModelProbe
{
    private static readonly string[] s_texts = ["hello world 123", "the  and\n\t'll <s>user</s>", "é€😀▁ \u0000", "", new string('a', 300) + new string(' ', 300)];

    /// <summary>Touches the ends of every tensor and reads every property.</summary>
    public static void Use(ModelFile model)
    {
        int touched = 0;
        foreach (TensorInfo info in model.Tensors)
        {
            if (!model.TryGetTensor(info.Name, out TensorData tensor))
                throw new InvalidOperationException($"Tensor '{info.Name}' is listed, but not there.");
            if (info.ByteLength > 0)
                touched += tensor.Data[0] + tensor.Data[info.ByteLength - 1];
        }
        touched += model.Name.Length + (model.ChatTemplate?.Length ?? 0) + model.GenerationConfig.Count + model.EndTokenIds.Length;
        touched += model.Configuration.GetHashCode();
        GC.KeepAlive(touched);
        if (model.LoadTokenizer() is { } tokenizer)
            Use(tokenizer);
    }

    /// <summary>Encodes and decodes.</summary>
    public static void Use(Tokenizer tokenizer)
    {
        foreach (string text in s_texts)
        {
            int[] ids = tokenizer.Encode(text, allowSpecial: true);
            tokenizer.Decode(ids);
            tokenizer.EncodeWithRules(text);
            Stream(tokenizer, ids);
        }
        int count = Math.Min(tokenizer.VocabularySize, 400);
        for (int id = 0; id < count; id++)
        {
            tokenizer.GetToken(id);
            tokenizer.GetBytes(id);
            tokenizer.IsSpecial(id);
        }
        tokenizer.Decode([.. Enumerable.Range(0, count)]);
    }

    private static void Stream(Tokenizer tokenizer, int[] ids)
    {
        TokenDecoder decoder = tokenizer.CreateDecoder();
        foreach (int id in ids)
            decoder.Append(id);
        decoder.Flush();
    }
}
