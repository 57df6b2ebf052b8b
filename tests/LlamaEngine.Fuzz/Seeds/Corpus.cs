using System.Text.Json;

namespace LlamaEngine.Fuzz.Seeds;

/// <summary>Finds further valid inputs on this machine: test data of the repository, and the folder <c>shared</c> beside it.</summary>
internal static class Corpus
{
    /// <summary>The texts that stand under a name in the JSON files of a folder <c>templates</c>.</summary>
    public static IEnumerable<string> JsonTexts(string folderName, string key)
    {
        foreach (string folder in Folders().SelectMany(root => Directory.EnumerateDirectories(root, folderName, SearchOption.AllDirectories)))
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
            {
                using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
                if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String)
                    yield return text.GetString()!;
            }
        }
    }

    private static IEnumerable<string> Folders()
    {
        string? repository = AppContext.BaseDirectory;
        while (repository is not null && !File.Exists(Path.Combine(repository, "Engine.sln")))
            repository = Path.GetDirectoryName(repository);
        for (string? folder = repository; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (string candidate in (string[])["tests/data", "shared/golden", "shared/models"])
            {
                if (Directory.Exists(Path.Combine(folder, candidate)))
                    yield return Path.Combine(folder, candidate);
            }
        }
    }
}
