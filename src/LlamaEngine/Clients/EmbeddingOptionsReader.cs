using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Reads <see cref="EmbeddingGenerationOptions"/> as <see cref="EmbeddingOptions"/>: every member is honoured, or refused by name.</summary>
internal static class EmbeddingOptionsReader
{
    private static readonly AdditionalKeys<EmbeddingOptions> s_keys = new(
        nameof(EmbeddingGenerationOptions),
        new Dictionary<string, Func<EmbeddingOptions, AdditionalValue, EmbeddingOptions>>
        {
            ["pooling"] = (options, value) => options with { Pooling = PoolingOf(value.ToText()) },
            ["normalize"] = (options, value) => options with { Normalize = value.ToFlag() },
            ["priority"] = (options, value) => options with { Priority = value.ToInteger() },
            ["timeout"] = (options, value) => options with { Timeout = value.ToTime() },
        });

    /// <summary>The options of a request.</summary>
    /// <param name="defaults">What holds where nothing is said.</param>
    /// <exception cref="NotSupportedException">A member asks for what is not supported; the message names it.</exception>
    /// <exception cref="ArgumentException">A value is of the wrong kind.</exception>
    public static EmbeddingOptions Read(
        EmbeddingGenerationOptions? options, EmbeddingOptions defaults, IEmbeddingGenerator generator, InferenceEngine engine)
    {
        if (options is null)
            return defaults;
        Refused.OtherModel("EmbeddingGenerationOptions.ModelId", options.ModelId, engine);
        int width = engine.Model.Configuration.HiddenSize;
        if (options.Dimensions is { } dimensions && dimensions != width)
            throw Refused.Member("EmbeddingGenerationOptions.Dimensions", dimensions, $"null and {width}, as wide as the model is");
        object? raw = options.RawRepresentationFactory?.Invoke(generator);
        if (raw is not (null or EmbeddingOptions))
            throw Refused.Member("EmbeddingGenerationOptions.RawRepresentationFactory", raw.GetType(), "one that gives null or EmbeddingOptions");
        return s_keys.Lay(options.AdditionalProperties, (EmbeddingOptions?)raw ?? defaults);
    }

    private static EmbeddingPooling PoolingOf(string name) => name switch
    {
        "last_token" => EmbeddingPooling.LastToken,
        "mean" => EmbeddingPooling.Mean,
        "cls" => EmbeddingPooling.Cls,
        _ => throw Refused.Member("EmbeddingGenerationOptions.AdditionalProperties[\"pooling\"]", name, "last_token, mean and cls"),
    };
}
