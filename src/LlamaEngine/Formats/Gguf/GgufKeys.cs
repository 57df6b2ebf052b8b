namespace LlamaEngine.Formats.Gguf;

/// <summary>Metadata keys of one architecture, read as the sizes and numbers a configuration needs.</summary>
internal sealed class GgufKeys(GgufMetadata metadata, string architecture)
{
    /// <summary>The full name of a key.</summary>
    public string Name(string key) => $"{architecture}.{key}";

    /// <summary>A text; null if the key is absent.</summary>
    public string? Text(string key) => metadata.GetString(Name(key));

    /// <summary>A truth value; null if the key is absent.</summary>
    public bool? Flag(string key) => metadata.GetBoolean(Name(key));

    /// <summary>A number; null if the key is absent.</summary>
    public double? Number(string key) => metadata.GetNumber(Name(key));

    /// <summary>A size that is zero or more; null if the key is absent.</summary>
    public int? Size(string key) => Size(key, metadata.GetInteger(Name(key)));

    /// <summary>A size that must be there.</summary>
    /// <exception cref="ModelFormatException">The key is missing.</exception>
    public int RequiredSize(string key) => Size(key) ?? throw Missing(key);

    /// <summary>A size that a file may give once or for each layer; layers that differ are refused.</summary>
    public int? SizeOfAllLayers(string key)
    {
        if (!metadata.Values.TryGetValue(Name(key), out object? value) || value is not Array)
            return Size(key);
        int[] sizes = metadata.GetInts(Name(key))!;
        if (sizes.Length == 0)
            throw metadata.Damage(Name(key), "is an empty array");
        if (sizes.AsSpan().ContainsAnyExcept(sizes[0]))
            throw new UnsupportedModelException($"{Name(key)} that differs from layer to layer ({metadata.File})", "layers of equal size");
        return Size(key, sizes[0]);
    }

    /// <summary>An exception for a key that is not there.</summary>
    public ModelFormatException Missing(string key) => metadata.Damage(Name(key), "is missing");

    private int? Size(string key, long? value) => value is null or (>= 0 and <= int.MaxValue)
        ? (int?)value
        : throw metadata.Damage(Name(key), $"is {value}, out of range");
}
