using System.Collections.Immutable;
using LlamaEngine.Models;

namespace LlamaEngine.Formats;

/// <summary>What a model file says about itself and what running it takes; no weight is touched to find out.</summary>
internal sealed record ModelInspection
{
    /// <summary>Bytes of one value of the key-value cache: half precision.</summary>
    private const int CacheValueBytes = 2;

    /// <summary>All tensors of one type.</summary>
    /// <param name="Type">The type.</param>
    /// <param name="Tensors">How many tensors have it.</param>
    /// <param name="Parameters">How many values they hold.</param>
    /// <param name="Bytes">How many bytes they take.</param>
    public sealed record TypeTotal(TensorType Type, int Tensors, long Parameters, long Bytes);

    /// <summary>The name the file gives itself, or its file name.</summary>
    public required string Name { get; init; }

    /// <summary>The path that was opened.</summary>
    public required string Path { get; init; }

    /// <summary>Sizes and constants of the network.</summary>
    public required LlamaConfiguration Configuration { get; init; }

    /// <summary>All tensors, in the order of the files.</summary>
    public required ImmutableArray<TensorInfo> Tensors { get; init; }

    /// <summary>Totals by type, the one with the most bytes first.</summary>
    public required ImmutableArray<TypeTotal> Types { get; init; }

    /// <summary>Number of weights.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Bytes of weights.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of keys and values of one position, in half precision.</summary>
    public required long CacheBytesPerToken { get; init; }

    /// <summary>Bytes of keys and values of one sequence of the full context length, in half precision.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>The kind of tokenizer, in the file's own words; null if there is none.</summary>
    public required string? Tokenizer { get; init; }

    /// <summary>The file brings a chat template.</summary>
    public required bool HasChatTemplate { get; init; }

    /// <summary>Tokens that end a reply.</summary>
    public required ImmutableArray<int> EndTokenIds { get; init; }

    /// <summary>Collects the facts of an opened file.</summary>
    public static ModelInspection Of(ModelFile file)
    {
        LlamaConfiguration model = file.Configuration;
        long perToken = SaturatingProduct(2 * CacheValueBytes, model.LayerCount, model.KeyValueHeadCount, model.HeadSize);
        return new ModelInspection
        {
            Name = file.Name,
            Path = file.Path,
            Configuration = model,
            Tensors = file.Tensors,
            Types = Totals(file.Tensors),
            ParameterCount = file.Tensors.Sum(tensor => tensor.ElementCount),
            WeightBytes = file.Tensors.Sum(tensor => tensor.ByteLength),
            CacheBytesPerToken = perToken,
            CacheBytes = SaturatingProduct(perToken, model.ContextLength),
            Tokenizer = file.TokenizerKind,
            HasChatTemplate = file.ChatTemplate is not null,
            EndTokenIds = file.EndTokenIds,
        };
    }

    private static ImmutableArray<TypeTotal> Totals(ImmutableArray<TensorInfo> tensors) =>
    [
        .. tensors.GroupBy(tensor => tensor.Type)
            .Select(type => new TypeTotal(type.Key, type.Count(), type.Sum(t => t.ElementCount), type.Sum(t => t.ByteLength)))
            .OrderByDescending(total => total.Bytes).ThenBy(total => total.Type),
    ];

    /// <summary>A context length is only a claim of the file, so the product may exceed what a long holds.</summary>
    private static long SaturatingProduct(params ReadOnlySpan<long> factors)
    {
        UInt128 product = 1;
        foreach (long factor in factors)
            product = UInt128.Min(product * (UInt128)factor, long.MaxValue);
        return (long)product;
    }
}
