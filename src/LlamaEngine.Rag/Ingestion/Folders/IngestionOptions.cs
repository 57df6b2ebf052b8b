using System.Globalization;

namespace LlamaEngine.Rag;

/// <summary>How a folder is read. Immutable.</summary>
public sealed record IngestionOptions
{
    /// <summary>Counts up when readers or chunks change, so that indexes that older versions made are made anew.</summary>
    private const int Version = 1;

    /// <summary>How documents are cut.</summary>
    public ChunkOptions Chunks { get; init; } = new();

    /// <summary>What reads the files; those it cannot read by their name are ignored.</summary>
    public IDocumentReader Readers { get; init; } = DocumentReaders.Default;

    /// <summary>Longer files are reported as failed and not opened; at least 1. Readers have limits of their own (<see cref="DocumentReaders"/>).</summary>
    public long MaxFileBytes { get; init; } = DocumentReaders.DefaultMaxBytes;

    /// <summary>How many chunks are handed to the embedding generator at once; 1 … 10,000.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>What <see cref="DocumentIndex.Open"/> wants to know: an index that was made with another fingerprint is made anew.</summary>
    /// <param name="embeddingModel">What makes the vectors; also its tokenizer counts the chunks' tokens.</param>
    /// <remarks>Readers of the host are not part of it.</remarks>
    public string Fingerprint(string embeddingModel) =>
        string.Create(CultureInfo.InvariantCulture, $"{embeddingModel}; reading {Version}; chunks of {Chunks.MaxTokens} with {Chunks.OverlapTokens}");

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Check()
    {
        Chunks.Check();
        if (MaxFileBytes < 1)
            throw new ArgumentOutOfRangeException(nameof(MaxFileBytes), MaxFileBytes, "IngestionOptions.MaxFileBytes has to be at least 1.");
        if (BatchSize is < 1 or > 10_000)
            throw new ArgumentOutOfRangeException(nameof(BatchSize), BatchSize, "IngestionOptions.BatchSize has to be from 1 to 10,000.");
    }
}
