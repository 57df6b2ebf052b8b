namespace LlamaEngine.Tokenization;

/// <summary>Which tokens begin and end a sequence, and whether the model wants them.</summary>
internal sealed record SequenceRules
{
    /// <summary>The token that begins a sequence; null if there is none.</summary>
    public int? Bos { get; init; }

    /// <summary>The token that ends a sequence; null if there is none.</summary>
    public int? Eos { get; init; }

    /// <summary>A text gets <see cref="Bos"/> in front.</summary>
    public bool AddsBos { get; init; }

    /// <summary>A text gets <see cref="Eos"/> behind it.</summary>
    public bool AddsEos { get; init; }
}
