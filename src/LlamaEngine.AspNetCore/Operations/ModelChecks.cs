using System.Collections.Immutable;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Tools;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>What of a request can be checked only against its model.</summary>
internal static class ModelChecks
{
    /// <summary>Refuses a chat with a model that cannot.</summary>
    public static void RequireTemplate(ModelLease lease)
    {
        RequireTokenizer(lease);
        if (lease.Engine.ChatTemplate is null)
            throw ApiException.Invalid($"The model '{lease.Name}' has no chat template; use /v1/completions.", "model", "no_chat_template");
    }

    /// <summary>Refuses tools for a model that knows none.</summary>
    public static void RequireTools(ModelLease lease, ToolFields tools)
    {
        if (!tools.Tools.IsEmpty && !lease.Engine.SupportsTools)
            throw ApiException.Invalid(
                $"The chat template of the model '{lease.Name}' has no tools, or writes calls in another form. Supported: {ToolFormat.Known}.", "tools", "no_tools");
    }

    /// <summary>Refuses text for, and from, a model that knows token ids only.</summary>
    public static void RequireTokenizer(ModelLease lease)
    {
        if (!lease.Engine.HasTokenizer)
            throw ApiException.Invalid($"The model '{lease.Name}' has no tokenizer, and therefore takes no text.", "model", "no_tokenizer");
    }

    /// <summary>Refuses a prompt that is longer than the server takes; that it fits the context the engine checks.</summary>
    public static void CheckLength(ModelLease lease, Prompt prompt, ServerLimits limits, string? field)
    {
        if (limits.PromptTokens is not { } most || lease.Engine.Tokenize(prompt).Length is var length && length <= most)
            return;
        throw ApiException.Invalid($"The prompt has {length} tokens, and this server takes at most {most}.", field, "prompt_too_long");
    }

    /// <summary>Tokens that end a completion of a request.</summary>
    public static ImmutableHashSet<int> EndsOf(InferenceEngine engine, GenerationOptions options) =>
        options.IgnoreEndTokens ? [.. options.StopTokens] : [.. options.StopTokens, .. engine.Model.EndTokenIds];
}
