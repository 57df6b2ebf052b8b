namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>A stored file: what is on the disk beside its content, and what the API answers.</summary>
internal sealed record FileObject
{
    /// <summary>What a file is called in ids.</summary>
    public const string IdPrefix = "file-";

    /// <summary>The id; ids order by the time of their creation.</summary>
    public required string Id { get; init; }

    /// <summary>What this is, for clients.</summary>
    public string Object { get; init; } = "file";

    /// <summary>Length of the content.</summary>
    public required long Bytes { get; init; }

    /// <summary>When it was created, seconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>When it is deleted, seconds since 1970; null: never by itself.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>The name that it was given.</summary>
    public required string Filename { get; init; }

    /// <summary><see cref="FilePurpose"/>.</summary>
    public required string Purpose { get; init; }

    /// <summary>Older clients want one.</summary>
    public string Status { get; init; } = "processed";
}

/// <summary>What files are for.</summary>
internal static class FilePurpose
{
    /// <summary>The input of a batch.</summary>
    public const string Batch = "batch";

    /// <summary>Results of a batch.</summary>
    public const string BatchOutput = "batch_output";
}
