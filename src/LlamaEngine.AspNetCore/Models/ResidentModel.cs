using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.DependencyInjection;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>An engine that the program has added to its container, which owns it: it stays once it is loaded.</summary>
/// <param name="preloads">It is loaded beside the host's start.</param>
internal sealed class ResidentModel(EngineHolder holder, bool preloads) : IServedModel
{
    /// <inheritdoc/>
    public string Name { get; } = holder.Name.Length > 0 ? holder.Name : NameOf(holder.Options.ModelPath);

    /// <inheritdoc/>
    public bool IsReady => !(preloads || holder.Options.LoadAtStart) || holder.Load is { IsCompletedSuccessfully: true };

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellation) => IsReady ? Task.CompletedTask : holder.LoadAsync(cancellation);

    /// <inheritdoc/>
    public async Task<ModelLease> RentAsync(TimeSpan? keepAlive, CancellationToken cancellation)
    {
        if (keepAlive == TimeSpan.Zero)
            throw ApiException.Invalid($"'keep_alive' must not be 0: the server does not unload '{Name}'.", "keep_alive", "invalid_value");
        // The load is everybody's: a request that gives up must not end it for those who joined.
        InferenceEngine engine = await holder.LoadAsync(CancellationToken.None).WaitAsync(cancellation).ConfigureAwait(false);
        return new ModelLease(Name, engine);
    }

    /// <summary>The name of the one without a key: its file's, without folder and ending, so that it is known before the file is read.</summary>
    private static string NameOf(string? path)
    {
        try
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(LlamaEngine.Models.ModelLocator.Resolve(path)));
            return full.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(full) : Path.GetFileName(full);
        }
        catch (FileNotFoundException)
        {
            return "default";
        }
    }
}
