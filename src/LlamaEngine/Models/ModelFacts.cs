using System.Collections.Concurrent;
using LlamaEngine.Formats;
using LlamaEngine.Threading;

namespace LlamaEngine.Models;

/// <summary>What a recipe has to know of a model.</summary>
/// <param name="Name">The name the model gives itself.</param>
/// <param name="Identity">What configuration and weights make it.</param>
/// <param name="WeightType">The type most weights have.</param>
/// <param name="ChatTemplate">The chat template; null if there is none.</param>
internal sealed record ModelFacts(string Name, ModelIdentity Identity, TensorType WeightType, string? ChatTemplate)
{
    /// <summary>Reads a model, all of it.</summary>
    public static ModelFacts Read(ModelFile file, CancellationToken cancellation) =>
        new(file.Name, file.ComputeIdentity(cancellation), MemoryPlan.MainWeightType(file), file.ChatTemplate);
}

/// <summary>Remembers the facts of models by their files, because reading all weights takes a moment.</summary>
/// <remarks>
/// Thread-safe. Forgets everything when it holds a thousand models, which costs somebody that moment again. A model whose files are
/// changed in place with length and write time kept is taken for the old one.
/// </remarks>
internal sealed class ModelFactsCache
{
    private const int MostModels = 1000;

    private readonly ConcurrentDictionary<string, SharedWork<ModelFacts>> _reading = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ModelFacts> _known = new(StringComparer.Ordinal);

    /// <summary>The one of this process. What it remembers follows from the files alone, so sharing it changes no result.</summary>
    public static ModelFactsCache Shared { get; } = new();

    /// <summary>The facts of the model at a path, read unless they are known; callers who come at the same time share the reading.</summary>
    public async Task<ModelFacts> GetAsync(string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        while (true)
        {
            string stamp = FileStamp.Of(path) ?? path; // of what is not there, opening tells
            if (TryGet(stamp) is { } facts)
                return facts;
            SharedWork<ModelFacts> work = _reading.GetOrAdd(stamp, key => new SharedWork<ModelFacts>(token => Task.FromResult(Read(key, path, token))));
            if (work.TryWait(cancellation) is { } reading)
                return await reading.ConfigureAwait(false);
            _reading.TryRemove(KeyValuePair.Create(stamp, work));
        }
    }

    /// <summary>The facts known by a stamp; null: none.</summary>
    public ModelFacts? TryGet(string stamp) => _known.GetValueOrDefault(stamp);

    /// <summary>Remembers facts by the stamp that the files had when they were read.</summary>
    public ModelFacts Remember(string stamp, ModelFacts facts)
    {
        if (_known.Count >= MostModels)
            _known.Clear();
        _known[stamp] = facts;
        return facts;
    }

    private ModelFacts Read(string stamp, string path, CancellationToken cancellation)
    {
        using ModelFile file = ModelFile.Open(path);
        return Remember(stamp, ModelFacts.Read(file, cancellation));
    }
}
