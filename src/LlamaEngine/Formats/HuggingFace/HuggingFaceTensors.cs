using LlamaEngine.Formats.Safetensors;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>Collects the network's tensors from a folder's safetensors files under their GGUF names.</summary>
internal static class HuggingFaceTensors
{
    /// <summary>Maps all files and adds the tensors the network uses.</summary>
    public static void AddAll(TensorTable tensors, string folder, HuggingFaceConfiguration configuration)
    {
        SafetensorsFolder.Shards shards = SafetensorsFolder.Find(folder);
        foreach (string path in shards.Paths)
        {
            MappedFile file = tensors.Map(path);
            foreach (SafetensorsEntry entry in SafetensorsHeader.Read(file))
            {
                if (TensorNames.ToGguf(entry.Name, configuration) is not { } name)
                    continue;
                EnsurePlace(entry, file, shards);
                tensors.Add(file, new TensorInfo(name, Type(entry, file.Path), entry.Shape, file.Path, entry.Offset));
            }
        }
    }

    /// <summary>A tensor that the index places elsewhere is the sign of shards from different models.</summary>
    private static void EnsurePlace(SafetensorsEntry entry, MappedFile file, SafetensorsFolder.Shards shards)
    {
        string found = Path.GetFileName(file.Path);
        if (shards.ShardOf is { } map && map.TryGetValue(entry.Name, out string? expected) && expected != found)
            throw new ModelFormatException(file.Path, entry.Offset, $"the index places tensor '{entry.Name}' in '{Untrusted.Show(expected)}', not here.");
    }

    private static TensorType Type(SafetensorsEntry entry, string path) => entry.DataType switch
    {
        "F32" => TensorType.F32,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        var other => throw new UnsupportedModelException($"dtype {Untrusted.Show(other)} ({entry.Name} in {path})", "F32, F16, BF16"),
    };
}
