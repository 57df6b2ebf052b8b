using System.Collections.Immutable;
using System.Text.Json;
using LlamaEngine.Formats.HuggingFace;

namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>Translates which tokens begin, end and pad texts, and which of these are added to every text.</summary>
internal static class SpecialTokens
{
    /// <summary>Reads the rule for added tokens from tokenizer.json: its post-processor's template around a single text.</summary>
    /// <returns>The token put in front and the one put behind; null where there is none.</returns>
    public static (string? Before, string? After) ReadTemplate(JsonElement tokenizer, string file)
    {
        string? before = null, after = null;
        foreach (JsonElement step in TemplateSteps(tokenizer))
        {
            if (step.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException(file, null, "the post-processor's template lists something that is no object.");
            var reader = new ConfigReader(step, file);
            if (reader.Object("Sequence") is not null)
                after = "";
            else if (reader.Object("SpecialToken")?.Text("id") is { } token)
                (before, after) = after is null ? (token, after) : (before, token);
        }
        return (before, after is { Length: > 0 } ? after : null);
    }

    /// <summary>Adds the keys.</summary>
    /// <param name="table">The vocabulary.</param>
    /// <param name="config">tokenizer_config.json, if there is one.</param>
    /// <param name="added">What <see cref="ReadTemplate"/> found.</param>
    /// <param name="ends">Ids that end a reply.</param>
    /// <param name="beginning">config.json's bos_token_id, if it has one.</param>
    /// <param name="metadata">Where the keys go.</param>
    public static void Describe(VocabularyTable table, JsonElement? config, (string? Before, string? After) added,
        ImmutableArray<int> ends, int? beginning, Dictionary<string, object> metadata)
    {
        Add("bos", table.Find(added.Before) ?? Named("bos_token") ?? beginning);
        int? end = Named("eos_token") ?? (ends.IsEmpty ? table.Find(added.After) : ends[0]);
        Add("eos", end);
        int[] others = [.. ends.Where(id => id != end)];
        int message = Array.FindIndex(others, id => table.TextOf(id) == "<|eom_id|>");
        Add("eom", message < 0 ? null : others[message]);
        Add("eot", others.Where((_, i) => i != message).Select(id => (int?)id).FirstOrDefault());
        Add("unknown", Named("unk_token"));
        Add("padding", Named("pad_token"));
        metadata["tokenizer.ggml.add_bos_token"] = added.Before is not null;
        metadata["tokenizer.ggml.add_eos_token"] = added.After is not null;

        void Add(string name, int? id)
        {
            if (id is { } known && table.TextOf(known) is not null)
                metadata[$"tokenizer.ggml.{name}_token_id"] = (uint)known;
        }

        int? Named(string key) => table.Find(config is { } json ? TokenText(json, key) : null);
    }

    /// <summary>A token stands in tokenizer_config.json as its text, or as an object that holds it.</summary>
    private static string? TokenText(JsonElement config, string key)
    {
        if (!config.TryGetProperty(key, out JsonElement value))
            return null;
        if (value.ValueKind == JsonValueKind.Object && !value.TryGetProperty("content", out value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static IEnumerable<JsonElement> TemplateSteps(JsonElement tokenizer)
    {
        if (!tokenizer.TryGetProperty("post_processor", out JsonElement processor) || processor.ValueKind != JsonValueKind.Object)
            return [];
        JsonElement[] processors = processor.TryGetProperty("processors", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray()]
            : [processor];
        return processors
            .Where(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("single", out JsonElement single) && single.ValueKind == JsonValueKind.Array)
            .SelectMany(item => item.GetProperty("single").EnumerateArray());
    }
}
