namespace LlamaEngine.Rag;

/// <summary>A file that a reader may be for.</summary>
/// <param name="Path">Below the folder, with '/' between names.</param>
/// <param name="File">Where it is.</param>
internal sealed record FoundFile(string Path, FileInfo File);

/// <summary>Looks for documents below a folder. Hidden files and folders are passed over; links are followed to files within the folder only.</summary>
/// <remarks>What linked folders hold within the folder is found at its own place, so that they are not followed, and circles do not matter.</remarks>
internal sealed class FolderScan
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly Func<string, bool> _canRead;
    private readonly string _root;

    private FolderScan(string root, Func<string, bool> canRead)
    {
        _root = RealPath.Of(root) ?? throw new DirectoryNotFoundException($"There is no folder '{root}'.");
        _canRead = canRead;
        Add(new DirectoryInfo(_root), "");
        Files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
    }

    /// <summary>The documents, by path.</summary>
    public List<FoundFile> Files { get; } = [];

    /// <summary>Folders that could not be looked into.</summary>
    public List<IngestionFailure> Failures { get; } = [];

    /// <summary>How many other files there are.</summary>
    public int Ignored { get; private set; }

    /// <summary>Looks through a folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none of that path.</exception>
    public static FolderScan Of(string folder, Func<string, bool> canRead)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        return new FolderScan(folder, canRead);
    }

    /// <summary>Whether a path is below a folder that could not be looked into: nobody knows whether it is still there.</summary>
    public bool IsUnknown(string path) => Failures.Exists(failure => path.StartsWith(failure.Path, StringComparison.Ordinal));

    private void Add(DirectoryInfo folder, string path)
    {
        FileSystemInfo[] entries;
        try
        {
            entries = folder.GetFileSystemInfos("*", Everything);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && path.Length > 0)
        {
            Failures.Add(new IngestionFailure(path, exception.Message));
            return;
        }
        foreach (FileSystemInfo entry in entries)
        {
            if (entry.Name.StartsWith('.') || entry.Attributes.HasFlag(FileAttributes.Hidden) || entry.Attributes.HasFlag(FileAttributes.System))
                continue;
            if (entry is FileInfo file)
                Add(file, path + file.Name);
            else if (entry is DirectoryInfo inner && inner.LinkTarget is null)
                Add(inner, $"{path}{inner.Name}/");
        }
    }

    private void Add(FileInfo file, string path)
    {
        bool leadsOutside = file.LinkTarget is not null && !(RealPath.Of(file.FullName) is { } real && RealPath.IsBelow(real, _root));
        if (leadsOutside || !_canRead(path))
            Ignored++;
        else
            Files.Add(new FoundFile(path, file));
    }
}
