namespace LlamaEngine.Cli.Tests;

/// <summary>A new empty folder, deleted in the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("llamaengine-cli-").FullName;

    /// <summary>The names of the files in it, in order.</summary>
    public string[] Names => [.. Directory.EnumerateFileSystemEntries(_path).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)];

    /// <summary>The path of a file in it.</summary>
    public string FileOf(string name) => Path.Combine(_path, name);

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string content)
    {
        File.WriteAllText(FileOf(name), content);
        return FileOf(name);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_path, recursive: true);
}
