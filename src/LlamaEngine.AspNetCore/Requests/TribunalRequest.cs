using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.Tribunal;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>A request to /v1/tribunal, checked as far as that is possible without its models.</summary>
internal sealed record TribunalRequest
{
    /// <summary>Model and its stay.</summary>
    public required CommonFields Common { get; init; }

    /// <summary>The models of stages that have their own, by stage.</summary>
    public required ImmutableDictionary<TribunalStageKind, string> Models { get; init; }

    /// <summary>A chat whose last message is the request.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>Rounds, prompts, sampling.</summary>
    public required TribunalOptions Options { get; init; }

    /// <summary>Whether the reply streams; it always ends with what all took.</summary>
    public required StreamFields Stream { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="priority">Added to the request's own.</param>
    /// <exception cref="ApiException">A field is missing, wrong or not supported.</exception>
    public static TribunalRequest Read(JsonObject body, ServerLimits limits, int priority)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        ImmutableDictionary<TribunalStageKind, string> models = ReadStages(fields, "models");
        ImmutableDictionary<TribunalStageKind, string> prompts = ReadStages(fields, "prompts");
        ImmutableArray<ChatMessage> messages = ReadMessages(fields, limits);
        GenerationOptions generation = SamplingFields.Read(fields, limits, fields.Integer("max_tokens", 1), priority);
        if (generation.Choices != 1)
            throw ApiException.Invalid("'n' must be 1: a tribunal goes on with one answer.", "n", "invalid_value");
        var options = new TribunalOptions
        {
            Rounds = fields.Integer("rounds", 1, TribunalOptions.MaxRounds) ?? 1,
            ApprovalWord = fields.Text("approval_word"),
            Generation = generation,
            Generate = Stage(TribunalStageKind.Generate),
            Critique = Stage(TribunalStageKind.Critique),
            Revise = Stage(TribunalStageKind.Revise),
        };
        StreamFields stream = StreamFields.Read(fields);
        CommonFields.CheckLabels(fields);
        fields.RefuseOthers();
        return new TribunalRequest { Common = common, Models = models, Messages = messages, Options = options, Stream = stream };

        TribunalStageOptions Stage(TribunalStageKind kind) => new() { Prompt = prompts.GetValueOrDefault(kind) };
    }

    /// <summary>A text for some of the stages: <c>{"generate": …, "critique": …, "revise": …}</c>.</summary>
    private static ImmutableDictionary<TribunalStageKind, string> ReadStages(RequestFields fields, string name)
    {
        if (fields.Take(name) is not { } given)
            return ImmutableDictionary<TribunalStageKind, string>.Empty;
        var stages = new RequestFields(JsonRead.Object(given, name), name);
        var texts = ImmutableDictionary.CreateBuilder<TribunalStageKind, string>();
        foreach (TribunalStageKind kind in Enum.GetValues<TribunalStageKind>())
        {
            if (stages.Text(TribunalStage.NameOf(kind)) is { } text)
                texts.Add(kind, text);
        }
        stages.RefuseOthers();
        return texts.ToImmutable();
    }

    private static ImmutableArray<ChatMessage> ReadMessages(RequestFields fields, ServerLimits limits)
    {
        string? prompt = fields.Text("prompt");
        JsonNode? messages = fields.Take("messages");
        if (prompt is null == messages is null)
            throw ApiException.Invalid("Either 'prompt' or 'messages' must be given, and not both.", prompt is null ? "messages" : "prompt", "invalid_value");
        if (prompt is not null)
            return [new ChatMessage(ChatRole.User, prompt)];
        ImmutableArray<ChatMessage> chat = MessageReader.Read(messages!, "messages", limits.Depth);
        return chat[^1].Role == ChatRole.User
            ? chat
            : throw ApiException.Invalid("The last of 'messages' must be the user's: it is the request.", "messages", "invalid_value");
    }
}
