namespace LlamaEngine.Rag;

/// <summary>What became of the files of a folder. Paths are below it, with '/' between names.</summary>
public sealed record IngestionReport
{
    /// <summary>Documents that the index did not have.</summary>
    public required IReadOnlyList<string> Added { get; init; }

    /// <summary>Documents whose content was another.</summary>
    public required IReadOnlyList<string> Changed { get; init; }

    /// <summary>Documents that left the index, because their files are gone.</summary>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <summary>What could not be read. What the index had of it before, it still has.</summary>
    public required IReadOnlyList<IngestionFailure> Failed { get; init; }

    /// <summary>How many documents were the same.</summary>
    public required int Unchanged { get; init; }

    /// <summary>How many files are of no known kind.</summary>
    public required int Ignored { get; init; }
}

/// <summary>A file or folder that could not be read.</summary>
/// <param name="Path">Where it is below the folder; a folder's ends with '/'.</param>
/// <param name="Message">Why.</param>
public sealed record IngestionFailure(string Path, string Message);

/// <summary>How far reading a folder has come.</summary>
/// <param name="Done">Files that were looked at.</param>
/// <param name="Total">Files that there are to look at.</param>
/// <param name="Current">The file that is read just now; null: none any more.</param>
/// <param name="Chunks">Chunks that were embedded so far.</param>
public sealed record IngestionProgress(int Done, int Total, string? Current, int Chunks);
