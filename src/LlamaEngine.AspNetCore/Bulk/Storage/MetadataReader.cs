using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>Reads the metadata of a folder: one JSON object a file.</summary>
internal static class MetadataReader
{
    /// <summary>Every object of the folder.</summary>
    /// <exception cref="DataFolderException">One is damaged.</exception>
    public static IEnumerable<T> ReadAll<T>(string folder, string suffix, JsonTypeInfo<T> type)
        where T : class
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*" + suffix))
            yield return Read(path, type);
    }

    private static T Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw new JsonException("null");
        }
        catch (JsonException exception)
        {
            throw new DataFolderException(path, $"{path} is damaged: {exception.Message} Restore it, or move it out of the data folder.", exception);
        }
    }
}
