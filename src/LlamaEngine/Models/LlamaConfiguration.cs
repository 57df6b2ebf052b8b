using System.Collections.Immutable;

namespace LlamaEngine.Models;

/// <summary>Sizes and constants of a Llama network, as its model file describes them.</summary>
public sealed record LlamaConfiguration
{
    /// <summary>Tokens in the vocabulary: rows of the embedding table.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of transformer layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Values per head; not always <see cref="HiddenSize"/> / <see cref="HeadCount"/>.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Added to the mean square in RMSNorm.</summary>
    public required float RmsNormEpsilon { get; init; }

    /// <summary>Positions the model was trained for (max_position_embeddings).</summary>
    public required int ContextLength { get; init; }

    /// <summary>Rotary position embedding.</summary>
    public required RopeConfiguration Rope { get; init; }

    /// <summary>Attention sees only the last so many positions, itself included; null: all of them.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>The output projection is the embedding table.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>The architecture the file names: <c>llama</c> or <c>mistral</c>.</summary>
    public string Architecture { get; init; } = "llama";
}

/// <summary>How a head's values are paired for rotation.</summary>
public enum RopeLayout
{
    /// <summary>Value i turns with value i + half (Hugging Face).</summary>
    HalfSplit,

    /// <summary>Value 2i turns with value 2i + 1 (GGUF, Meta).</summary>
    Interleaved,
}

/// <summary>How rotary frequencies are stretched to longer contexts.</summary>
public enum RopeScaling
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All frequencies divided by the factor.</summary>
    Linear,

    /// <summary>Llama 3.1: low frequencies divided, high ones kept, smooth in between.</summary>
    Llama3,

    /// <summary>YaRN (Peng et al. 2023, arXiv 2309.00071).</summary>
    Yarn,
}

/// <summary>Rotary position embedding: base, dimension, scaling.</summary>
public sealed record RopeConfiguration
{
    /// <summary>Base of the geometric series of wavelengths (rope_theta).</summary>
    public required float Base { get; init; }

    /// <summary>Values of a head that are rotated; the rest pass through. Even.</summary>
    public required int Dimension { get; init; }

    /// <summary>How values are paired.</summary>
    public required RopeLayout Layout { get; init; }

    /// <summary>The kind of scaling.</summary>
    public RopeScaling Scaling { get; init; }

    /// <summary>The scaling factor.</summary>
    public float Factor { get; init; } = 1;

    /// <summary>Positions before scaling (original_max_position_embeddings).</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>Llama 3.1's low_freq_factor.</summary>
    public float LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3.1's high_freq_factor.</summary>
    public float HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN's beta_fast.</summary>
    public float BetaFast { get; init; } = 32;

    /// <summary>YaRN's beta_slow.</summary>
    public float BetaSlow { get; init; } = 1;

    /// <summary>YaRN: factor on cosine and sine; null: derived from <see cref="Factor"/> as 0.1 ln(factor) + 1.</summary>
    public float? AttentionFactor { get; init; }

    /// <summary>YaRN's mscale and mscale_all_dim, where given.</summary>
    public float? Mscale { get; init; }

    /// <summary>YaRN's mscale_all_dim, where given.</summary>
    public float? MscaleAllDimensions { get; init; }

    /// <summary>YaRN: round the correction range to whole dimensions (truncate; default true).</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>GGUF's rope_freqs: divisors of each frequency, length Dimension / 2; empty: none. Already includes Llama 3.1's scaling.</summary>
    public ImmutableArray<float> FrequencyDivisors { get; init; } = [];
}
