namespace LlamaEngine.Tools;

/// <summary>Whether a model may, or must, call a function. Immutable.</summary>
public sealed record ToolChoice
{
    private ToolChoice(string? name, bool isForced) => (Name, IsForced) = (name, isForced);

    /// <summary>The model decides.</summary>
    public static ToolChoice Auto { get; } = new(null, isForced: false);

    /// <summary>The model calls one function, whichever it wants.</summary>
    public static ToolChoice Required { get; } = new(null, isForced: true);

    /// <summary>The only function that may be called; null: any.</summary>
    public string? Name { get; }

    /// <summary>The reply is a call, and nothing else.</summary>
    public bool IsForced { get; }

    /// <summary>The model calls one certain function.</summary>
    public static ToolChoice Function(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new ToolChoice(name, isForced: true);
    }
}
