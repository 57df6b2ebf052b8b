using System.Collections.Immutable;

namespace LlamaEngine.Contexts;

/// <summary>A recipe's context in an engine: its prefixes are computed and kept until everybody who asked for it has disposed it.</summary>
/// <remarks>
/// What is kept gives way where a request could not run without its memory (see <see cref="RetainedContext"/>);
/// <see cref="InferenceEngine.MaterializeAsync"/> computes it again when the recipe is asked for the next time. Thread-safe.
/// </remarks>
public sealed class MaterializedContext : IDisposable
{
    private readonly RecipeShelf _shelf;
    private readonly RecipeShelf.Entry _entry;
    private int _disposed;

    internal MaterializedContext(RecipeShelf shelf, RecipeShelf.Entry entry, ContextRecipe recipe, ImmutableArray<RetainedContext> prefixes)
    {
        _shelf = shelf;
        _entry = entry;
        Recipe = recipe;
        Prefixes = prefixes;
    }

    /// <summary>The recipe, as it was asked for.</summary>
    public ContextRecipe Recipe { get; }

    /// <summary>The recipe's identity: <see cref="ContextRecipe.ComputeIdAsync"/>.</summary>
    public string RecipeId => _entry.Id;

    /// <summary>The recipe's prefixes, in its order. They belong to all who asked for the recipe: disposing one does nothing.</summary>
    public ImmutableArray<RetainedContext> Prefixes { get; }

    /// <summary>Lets the context go; it is freed when all who asked for it have done so.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _shelf.Leave(_entry);
    }
}
