using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>One run over a folder.</summary>
/// <param name="embed">Makes a vector for each text.</param>
internal sealed class FolderRun(
    DocumentIndex index, Func<IReadOnlyList<string>, CancellationToken, Task<IReadOnlyList<Embedding<float>>>> embed, Func<string, int> countTokens,
    IngestionOptions options, IProgress<IngestionProgress>? progress)
{
    private readonly List<string> _added = [], _changed = [], _removed = [];
    private readonly List<IngestionFailure> _failed = [];
    private int _unchanged, _done, _chunks;

    /// <summary>Runs; once for each object.</summary>
    public async Task<IngestionReport> RunAsync(string folder, CancellationToken cancellationToken)
    {
        FolderScan scan = FolderScan.Of(folder, options.Readers.CanRead);
        _failed.AddRange(scan.Failures);
        Dictionary<string, string> known = index.Documents.ToDictionary(document => document.Path, document => document.ContentHash);
        RemoveGone(scan, known.Keys);
        foreach (FoundFile file in scan.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Report(scan, file.Path);
            await BringUpToDateAsync(file, known.GetValueOrDefault(file.Path), scan, cancellationToken).ConfigureAwait(false);
            _done++;
        }
        Report(scan, null);
        return new IngestionReport
        {
            Added = _added, Changed = _changed, Removed = _removed, Failed = _failed, Unchanged = _unchanged, Ignored = scan.Ignored,
        };
    }

    private void RemoveGone(FolderScan scan, IEnumerable<string> known)
    {
        HashSet<string> there = [.. scan.Files.Select(file => file.Path)];
        foreach (string path in known.Where(path => !there.Contains(path) && !scan.IsUnknown(path)))
        {
            if (index.Remove(path))
                _removed.Add(path);
        }
    }

    private async Task BringUpToDateAsync(FoundFile file, string? knownHash, FolderScan scan, CancellationToken cancellationToken)
    {
        if (Read(file, knownHash, out string hash) is not { } document)
            return;
        List<Embedding<float>> vectors = [];
        try
        {
            foreach (Chunk[] batch in document.Chunks.Chunk(options.BatchSize))
            {
                vectors.AddRange(await embed([.. batch.Select(EmbeddedText)], cancellationToken).ConfigureAwait(false));
                _chunks += batch.Length;
                Report(scan, file.Path);
            }
        }
        catch (ContextLengthExceededException exception)
        {
            _failed.Add(new IngestionFailure(file.Path, exception.Message));
            return;
        }
        // A transaction that has begun is not interrupted: it is short.
        cancellationToken.ThrowIfCancellationRequested();
        index.Replace(file.Path, hash, document, vectors);
        (knownHash is null ? _added : _changed).Add(file.Path);
    }

    /// <summary>Reads and cuts a file; null: it has not changed, or cannot be read.</summary>
    private ChunkedDocument? Read(FoundFile file, string? knownHash, out string hash)
    {
        hash = "";
        try
        {
            byte[] content = Content(file);
            hash = Convert.ToHexStringLower(SHA256.HashData(content));
            if (hash == knownHash)
            {
                _unchanged++;
                return null;
            }
            return Chunker.Split(options.Readers.Read(new MemoryStream(content, writable: false), file.Path), options.Chunks, countTokens);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whatever a reader stumbles over, the host's own too: the other documents are to be read.
            _failed.Add(new IngestionFailure(file.Path, exception.Message));
            return null;
        }
    }

    private byte[] Content(FoundFile found)
    {
        FileInfo file = found.File.LinkTarget is null ? found.File : new FileInfo(RealPath.Of(found.File.FullName) ?? found.File.FullName);
        if (file.Exists && file.Length == 0) return []; // also pipes and devices, which would be waited for
        if (file.Exists && file.Length > options.MaxFileBytes)
            throw DocumentBytes.TooLarge(found.Path, options.MaxFileBytes);
        using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        return DocumentBytes.ReadAll(stream, found.Path, options.MaxFileBytes);
    }

    private static string EmbeddedText(Chunk chunk) => chunk.Heading.Length > 0 ? $"{chunk.Heading}\n{chunk.Text}" : chunk.Text;

    private void Report(FolderScan scan, string? current) => progress?.Report(new IngestionProgress(_done, scan.Files.Count, current, _chunks));
}
