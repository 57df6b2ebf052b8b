namespace LlamaEngine.Contexts;

/// <summary>Something that happened to an engine of a <see cref="ContextPool"/>.</summary>
public sealed class ContextPoolEventArgs : EventArgs
{
    internal ContextPoolEventArgs(string name, string? recipeId, long bytes, TimeSpan duration)
    {
        Name = name;
        RecipeId = recipeId;
        Bytes = bytes;
        Duration = duration;
    }

    /// <summary>The engine's name in the pool.</summary>
    public string Name { get; }

    /// <summary>The id of the recipe for which it was rented; null where it was rented by name, and for evictions.</summary>
    public string? RecipeId { get; }

    /// <summary>Bytes that the engine takes (loaded), gives back (evicted), or whose loading was saved (hit: its weights).</summary>
    public long Bytes { get; }

    /// <summary>How long it took to load or unload; of a hit, what the engine's load had taken, which is saved.</summary>
    public TimeSpan Duration { get; }
}
