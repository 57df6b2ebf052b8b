using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Brings an index up to date with a folder: reads what is new or has changed, and removes what is gone.</summary>
/// <remarks>
/// <para>Thread-safe: runs wait for each other. Owns neither the index nor the generator. What is embedded of a chunk is its heading and its text.</para>
/// <para>
/// Every document is replaced in one transaction, so that a run that is cancelled or fails leaves whole documents, and the next goes on where it stopped.
/// A file that cannot be read is reported, and what the index has of it from before stays: mostly it is being written just now, and is read by the next
/// run. A document leaves the index when its file leaves the folder.
/// </para>
/// </remarks>
public sealed class FolderIngestion
{
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;
    private readonly DocumentIndex _index;
    private readonly IEmbeddingGenerator<string, Embedding<float>> _embedder;
    private readonly Func<string, int> _countTokens;
    private readonly IngestionOptions _options;

    /// <summary>Makes one.</summary>
    /// <param name="index">What is brought up to date.</param>
    /// <param name="embedder">Makes the vectors.</param>
    /// <param name="countTokens">How many tokens of the model a text takes, such as <c>text => engine.Tokenizer.Encode(text).Length</c>.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public FolderIngestion(
        DocumentIndex index, IEmbeddingGenerator<string, Embedding<float>> embedder, Func<string, int> countTokens, IngestionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(embedder);
        ArgumentNullException.ThrowIfNull(countTokens);
        (_index, _embedder, _countTokens, _options) = (index, embedder, countTokens, options ?? new IngestionOptions());
        _options.Check();
    }

    /// <summary>Looks through the folder and all below it once.</summary>
    /// <param name="folder">The folder. Hidden files and folders, links to folders and links that lead outside are passed over.</param>
    /// <param name="progress">Told before each file, after each batch of chunks, and at the end, on a thread of the pool.</param>
    /// <param name="cancellationToken">Ends the run between files and between batches, or before it begins.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder; the index stays as it is.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <remarks>Errors of the generator that are not about one document, and those of the index, end the run.</remarks>
    public Task<IngestionReport> RunAsync(string folder, IProgress<IngestionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        lock (_lock)
        {
            // On the pool: reading and cutting would otherwise hold the caller's thread up to the first batch.
            Task before = _last;
            Task<IngestionReport> run = Task.Run(() => RunAfterAsync(before, folder, progress, cancellationToken), CancellationToken.None);
            _last = run;
            return run;
        }
    }

    private async Task<IngestionReport> RunAfterAsync(Task before, string folder, IProgress<IngestionProgress>? progress, CancellationToken cancellationToken)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return await new FolderRun(_index, EmbedAsync, _countTokens, _options, progress).RunAsync(folder, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<Embedding<float>>> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        GeneratedEmbeddings<Embedding<float>> vectors = await _embedder.GenerateAsync(texts, cancellationToken: cancellationToken).ConfigureAwait(false);
        return vectors.Count == texts.Count
            ? vectors
            : throw new InvalidOperationException($"The embedding generator gave {vectors.Count} vectors for {texts.Count} texts.");
    }
}
