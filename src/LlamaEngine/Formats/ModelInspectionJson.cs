using System.Text.Json.Nodes;
using LlamaEngine.Models;

namespace LlamaEngine.Formats;

/// <summary>Writes a <see cref="ModelInspection"/> as JSON: what <c>inspect --json</c> prints.</summary>
internal static class ModelInspectionJson
{
    /// <summary>Builds the object.</summary>
    public static JsonObject ToJson(this ModelInspection model) => new()
    {
        ["name"] = model.Name,
        ["path"] = model.Path,
        ["configuration"] = Configuration(model.Configuration),
        ["parameters"] = model.ParameterCount,
        ["weight_bytes"] = model.WeightBytes,
        ["kv_cache_bytes"] = model.CacheBytes,
        ["kv_cache_bytes_per_token"] = model.CacheBytesPerToken,
        ["tokenizer"] = model.Tokenizer,
        ["chat_template"] = model.HasChatTemplate,
        ["end_token_ids"] = Array(model.EndTokenIds, id => JsonValue.Create(id)),
        ["types"] = Array(model.Types, Type),
        ["tensors"] = Array(model.Tensors, Tensor),
    };

    private static JsonObject Configuration(LlamaConfiguration model) => new()
    {
        ["architecture"] = model.Architecture,
        ["vocabulary_size"] = model.VocabularySize,
        ["hidden_size"] = model.HiddenSize,
        ["intermediate_size"] = model.IntermediateSize,
        ["layers"] = model.LayerCount,
        ["heads"] = model.HeadCount,
        ["kv_heads"] = model.KeyValueHeadCount,
        ["head_size"] = model.HeadSize,
        ["rms_norm_epsilon"] = model.RmsNormEpsilon,
        ["context_length"] = model.ContextLength,
        ["sliding_window"] = model.SlidingWindow,
        ["tied_embeddings"] = model.TiedEmbeddings,
        ["rope"] = Rope(model.Rope),
    };

    private static JsonObject Rope(RopeConfiguration rope)
    {
        var json = new JsonObject
        {
            ["base"] = rope.Base,
            ["dimension"] = rope.Dimension,
            ["layout"] = rope.Layout == RopeLayout.HalfSplit ? "half-split" : "interleaved",
            ["scaling"] = rope.Scaling.ToString().ToLowerInvariant(),
            ["frequency_divisors"] = !rope.FrequencyDivisors.IsEmpty,
        };
        if (rope.Scaling != RopeScaling.None)
            json["factor"] = rope.Factor;
        if (rope.Scaling is RopeScaling.Llama3 or RopeScaling.Yarn)
            json["original_context_length"] = rope.OriginalContextLength;
        return json;
    }

    private static JsonObject Type(ModelInspection.TypeTotal total) => new()
    {
        ["type"] = total.Type.ToString(),
        ["tensors"] = total.Tensors,
        ["parameters"] = total.Parameters,
        ["bytes"] = total.Bytes,
    };

    private static JsonObject Tensor(TensorInfo tensor) => new()
    {
        ["name"] = tensor.Name,
        ["type"] = tensor.Type.ToString(),
        ["shape"] = Array(tensor.Shape, size => JsonValue.Create(size)),
        ["bytes"] = tensor.ByteLength,
        ["file"] = Path.GetFileName(tensor.File),
        ["offset"] = tensor.Offset,
    };

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode?> convert) => new([.. items.Select(convert)]);
}
