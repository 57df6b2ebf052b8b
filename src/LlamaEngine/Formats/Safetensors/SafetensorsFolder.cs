using System.Text.Json;

namespace LlamaEngine.Formats.Safetensors;

/// <summary>Finds the safetensors files of a folder: one file, or the shards that an index names.</summary>
internal static class SafetensorsFolder
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";
    private const int LargestIndex = 32 << 20;

    private static readonly string[] s_otherFormats = ["*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.gguf"];

    /// <summary>The shards in the order of their names.</summary>
    /// <param name="Paths">Their paths.</param>
    /// <param name="ShardOf">File name of the shard of each tensor; null where there is no index.</param>
    internal sealed record Shards(IReadOnlyList<string> Paths, IReadOnlyDictionary<string, string>? ShardOf);

    /// <summary>Finds the files.</summary>
    /// <exception cref="ModelFormatException">The index is damaged, or a shard is missing.</exception>
    /// <exception cref="UnsupportedModelException">The weights are in another format.</exception>
    /// <exception cref="FileNotFoundException">There are no weights.</exception>
    public static Shards Find(string folder)
    {
        string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
        if (File.Exists(single))
            return new Shards([single], null);
        if (File.Exists(index))
            return ReadIndex(index, folder);
        string? other = s_otherFormats
            .SelectMany(pattern => Directory.EnumerateFiles(folder, pattern)).FirstOrDefault();
        throw other is null
            ? new FileNotFoundException($"{folder} holds neither {SingleName} nor {IndexName}.", single)
            : new UnsupportedModelException($"weights in {other}", $"{SingleName} or {IndexName} with its shards in a folder, or the path of a GGUF file");
    }

    private static Shards ReadIndex(string index, string folder)
    {
        using JsonDocument document = JsonText.ReadObject(index, LargestIndex);
        if (!document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(index, null, "'weight_map' is missing.");
        var shardOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
            shardOf[entry.Name] = ShardName(entry.Value, index);
        if (shardOf.Count == 0)
            throw new ModelFormatException(index, null, "'weight_map' is empty.");
        string[] paths = [.. shardOf.Values.Distinct().Order(StringComparer.Ordinal).Select(name => Path.Combine(folder, name))];
        foreach (string path in paths)
        {
            if (!File.Exists(path))
                throw new ModelFormatException(index, null, $"shard '{Untrusted.Show(Path.GetFileName(path))}' is missing.");
        }
        return new Shards(paths, shardOf);
    }

    /// <summary>A shard stands beside the index: a name with a path in it could lead anywhere.</summary>
    private static string ShardName(JsonElement value, string index)
    {
        string name = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        bool plain = name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:\0") < 0;
        return plain ? name : throw new ModelFormatException(index, null, $"'{Untrusted.Show(name)}' is no name of a safetensors file beside the index.");
    }
}
