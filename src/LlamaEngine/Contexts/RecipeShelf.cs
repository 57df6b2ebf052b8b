using System.Collections.Immutable;
using LlamaEngine.Sampling;
using LlamaEngine.Threading;

namespace LlamaEngine.Contexts;

/// <summary>The recipes that an engine has made, or is making, each with the number of those who want it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RecipeShelf(InferenceEngine engine)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Has a recipe made, unless it is there or being made, and joins those who want it.</summary>
    public async Task<MaterializedContext> TakeAsync(string id, ContextRecipe recipe, CancellationToken cancellation)
    {
        (Entry entry, Task making) = Join(id, OptionChecks.OrEmpty(recipe.Prefixes), cancellation);
        try
        {
            await making.ConfigureAwait(false);
            return new MaterializedContext(this, entry, recipe, [.. entry.Contexts]);
        }
        catch
        {
            Leave(entry);
            throw;
        }
    }

    /// <summary>One less wants it; the last one's leaving frees it.</summary>
    public void Leave(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Users > 0)
                return;
            _entries.Remove(entry.Id);
        }
        _ = FreeAsync(entry);
    }

    private (Entry Entry, Task Making) Join(string id, ImmutableArray<Prompt> prefixes, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(id, out Entry? entry))
                _entries.Add(id, entry = new Entry(id));
            entry.Users++;
            while (true)
            {
                // Also where it was made before: some of it may have given way since.
                Task before = entry.Made;
                entry.Making ??= new SharedWork<bool>(token => MakeAsync(entry, prefixes, before, token));
                if (entry.Making.TryWait(cancellation) is { } making)
                    return (entry, making);
                entry.Made = entry.Making.WhenEnded();
                entry.Making = null;
            }
        }
    }

    /// <summary>Computes what is missing, after <paramref name="before"/>: an abandoned attempt may still be about to end.</summary>
    private async Task<bool> MakeAsync(Entry entry, ImmutableArray<Prompt> prefixes, Task before, CancellationToken cancellation)
    {
        await before.ConfigureAwait(false);
        foreach (RetainedContext context in entry.Contexts)
            await engine.RefreshAsync(context, cancellation).ConfigureAwait(false);
        for (int i = entry.Contexts.Count; i < prefixes.Length; i++)
            entry.Contexts.Add(await engine.RetainAsync(prefixes[i], isShared: true, cancellation).ConfigureAwait(false));
        return true;
    }

    private static async Task FreeAsync(Entry entry)
    {
        await (entry.Making?.WhenEnded() ?? entry.Made).ConfigureAwait(false);
        foreach (RetainedContext context in entry.Contexts)
            context.Free();
    }

    /// <summary>A recipe on the shelf. Everything but the contexts is read and written under the shelf's lock.</summary>
    internal sealed class Entry(string id)
    {
        public string Id { get; } = id;

        /// <summary>How many want it.</summary>
        public int Users { get; set; }

        /// <summary>The attempt to make it that callers can join.</summary>
        public SharedWork<bool>? Making { get; set; }

        /// <summary>Ends when the attempt before it has ended.</summary>
        public Task Made { get; set; } = Task.CompletedTask;

        /// <summary>What was made, from the first prefix on; written by one attempt at a time.</summary>
        public List<RetainedContext> Contexts { get; } = [];
    }
}
