using LlamaEngine.Contexts;

namespace LlamaEngine.Tests.Contexts;

/// <summary>A new empty folder for snapshots, deleted in the end.</summary>
internal sealed class SnapshotFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("llamaengine-snapshot-").FullName;

    /// <summary>The names of the files in it, in order.</summary>
    public string[] Names => [.. Directory.EnumerateFileSystemEntries(_path).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)];

    /// <summary>The path of a file in it.</summary>
    public string FileOf(string name) => Path.Combine(_path, name);

    /// <summary>Writes a snapshot with the header of another, and zeros for its blocks.</summary>
    public static async Task CopyWithZerosAsync(string source, string destination, CancellationToken cancellation)
    {
        using SnapshotFileReader original = await SnapshotFileReader.OpenAsync(source, cancellation);
        using SnapshotFileWriter copy = await SnapshotFileWriter.CreateAsync(destination, original.Header, cancellation);
        for (int slice = 0; slice < copy.Slices.Count; slice++)
            await copy.WriteSliceAsync(slice, new byte[copy.Slices.BufferBytes], cancellation);
        await copy.CompleteAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_path, recursive: true);
}
