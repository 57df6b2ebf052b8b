using System.Collections.Immutable;

namespace LlamaEngine.Models;

/// <summary>Facts about a loaded model.</summary>
public sealed record ModelInfo
{
    /// <summary>The name the file gives itself, or its file name.</summary>
    public required string Name { get; init; }

    /// <summary>The path it was loaded from.</summary>
    public required string Path { get; init; }

    /// <summary>Sizes and constants of the network.</summary>
    public required LlamaConfiguration Configuration { get; init; }

    /// <summary>Number of weights.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes of weights in the file.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>The type most weights have.</summary>
    public required TensorType WeightType { get; init; }

    /// <summary>Tokens that end a reply.</summary>
    public required ImmutableArray<int> EndTokenIds { get; init; }

    /// <summary>Most positions of a sequence in this engine.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The device that computes, in words.</summary>
    public required string Device { get; init; }

    /// <summary>CPU threads in use.</summary>
    public required int Threads { get; init; }

    /// <summary>How long loading took.</summary>
    public required TimeSpan LoadTime { get; init; }
}
