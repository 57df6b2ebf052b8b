using LlamaEngine.Models;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Reads the network's sizes and constants from GGUF metadata (the keys that llama.cpp defines).</summary>
internal static class GgufConfiguration
{
    /// <summary>Builds the configuration.</summary>
    /// <exception cref="ModelFormatException">Keys are missing, out of range or contradict each other.</exception>
    /// <exception cref="UnsupportedModelException">The architecture, or something it asks for, is not implemented.</exception>
    public static LlamaConfiguration Read(GgufMetadata metadata, TensorTable tensors)
    {
        string architecture = Architecture(metadata);
        var keys = new GgufKeys(metadata, architecture);
        RefuseWhatWeDoNotCompute(keys, metadata.File);
        int hidden = keys.RequiredSize("embedding_length");
        int heads = keys.SizeOfAllLayers("attention.head_count") ?? throw keys.Missing("attention.head_count");
        int headSize = HeadSize(keys, metadata.File, hidden, heads);
        int context = keys.RequiredSize("context_length");
        return new LlamaConfiguration
        {
            Architecture = architecture,
            VocabularySize = VocabularySize(keys, metadata, tensors),
            HiddenSize = hidden,
            IntermediateSize = keys.SizeOfAllLayers("feed_forward_length") ?? throw keys.Missing("feed_forward_length"),
            LayerCount = keys.RequiredSize("block_count"),
            HeadCount = heads,
            KeyValueHeadCount = keys.SizeOfAllLayers("attention.head_count_kv") ?? heads,
            HeadSize = headSize,
            RmsNormEpsilon = (float)(keys.Number("attention.layer_norm_rms_epsilon") ?? throw keys.Missing("attention.layer_norm_rms_epsilon")),
            ContextLength = context,
            SlidingWindow = keys.Size("attention.sliding_window") is > 0 and { } window ? window : null,
            TiedEmbeddings = !tensors.TryGet("output.weight", out _),
            Rope = GgufRope.Read(keys, metadata.File, tensors, headSize, context),
        };
    }

    private static string Architecture(GgufMetadata metadata)
    {
        const string Key = "general.architecture";
        string found = metadata.GetString(Key) ?? throw metadata.Damage(Key, "is missing");
        return found is "llama" or "mistral"
            ? found
            : throw new UnsupportedModelException($"architecture '{Untrusted.Show(found)}' ({metadata.File})", "llama, mistral");
    }

    private static void RefuseWhatWeDoNotCompute(GgufKeys keys, string file)
    {
        if (keys.Size("expert_count") is > 0 and { } experts)
            throw new UnsupportedModelException($"a mixture of {experts} experts ({file})", "dense feed-forward layers");
        if (keys.Flag("attention.causal") is false)
            throw new UnsupportedModelException($"attention to later positions ({file})", "causal attention");
    }

    private static int HeadSize(GgufKeys keys, string file, int hidden, int heads)
    {
        int fallback = heads > 0 ? hidden / heads : 0;
        int key = keys.Size("attention.key_length") ?? fallback, value = keys.Size("attention.value_length") ?? fallback;
        return key == value
            ? key
            : throw new UnsupportedModelException($"keys of {key} and values of {value} per head ({file})", "keys and values of equal size");
    }

    /// <summary>As llama.cpp has it: the tokens the file lists, else the number it names, else the rows of the embedding.</summary>
    private static int VocabularySize(GgufKeys keys, GgufMetadata metadata, TensorTable tensors)
    {
        if (metadata.GetStrings("tokenizer.ggml.tokens") is { } tokens)
            return tokens.Length;
        if (keys.Size("vocab_size") is { } size)
            return size;
        // 0 where there is no such table: the check of sizes or shapes will say so.
        return tensors.TryGet("token_embd.weight", out TensorData table) && table.Info.Shape[0] <= int.MaxValue ? (int)table.Info.Shape[0] : 0;
    }
}
