namespace LlamaEngine.Package.Tests;

/// <summary>A new empty folder outside the repository, deleted in the end.</summary>
internal sealed class TemporaryFolder : IAsyncDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("llamaengine-package-").FullName;

    /// <summary>Writes a file into it.</summary>
    public void Write(string name, string content) => File.WriteAllText(System.IO.Path.Combine(Path, name), content);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(Path, recursive: true);
        return ValueTask.CompletedTask;
    }
}
