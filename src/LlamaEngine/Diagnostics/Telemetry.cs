using System.Diagnostics;
using LlamaEngine.Sampling;

namespace LlamaEngine.Diagnostics;

/// <summary>Activities of requests, named and tagged after OpenTelemetry's semantic conventions for generative AI.</summary>
internal static class Telemetry
{
    /// <summary>gen_ai.provider.name.</summary>
    public const string Provider = "llamaengine";

    /// <summary>gen_ai.operation.name of a chat.</summary>
    public const string Chat = "chat";

    /// <summary>gen_ai.operation.name of a text that is continued.</summary>
    public const string TextCompletion = "text_completion";

    /// <summary>gen_ai.operation.name of an embedding.</summary>
    public const string Embeddings = "embeddings";

    /// <summary>The same of a prefix that is computed to be kept; ours, the conventions have none.</summary>
    public const string Retain = "retain_context";

    private static readonly ActivitySource s_source = new(EngineMeter.Name);

    /// <summary>Starts an activity; null where nobody listens.</summary>
    public static Activity? Start(string operation, string model)
    {
        Activity? activity = s_source.StartActivity($"{operation} {model}", ActivityKind.Internal);
        return activity?
            .SetTag("gen_ai.operation.name", operation)
            .SetTag("gen_ai.provider.name", Provider)
            .SetTag("gen_ai.request.model", model);
    }

    /// <summary>Notes how a completion is sampled.</summary>
    public static void Describe(this Activity activity, SamplingParameters parameters, int choices) => activity
        .SetTag("gen_ai.request.max_tokens", parameters.MaxTokens)
        .SetTag("gen_ai.request.temperature", parameters.Temperature)
        .SetTag("gen_ai.request.top_p", parameters.TopP)
        .SetTag("gen_ai.request.top_k", parameters.TopK)
        .SetTag("gen_ai.request.choice.count", choices == 1 ? null : choices);

    /// <summary>Notes how a request ended.</summary>
    public static void Finish(this Activity activity, TokenUsage usage, string[] finishReasons, Exception? error)
    {
        activity
            .SetTag("gen_ai.usage.input_tokens", usage.PromptTokens)
            .SetTag("gen_ai.usage.output_tokens", usage.CompletionTokens)
            .SetTag("llamaengine.usage.cached_tokens", usage.CachedTokens);
        if (finishReasons.Length > 0)
            activity.SetTag("gen_ai.response.finish_reasons", finishReasons);
        if (error is not null)
            activity.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error, error.Message);
    }
}
