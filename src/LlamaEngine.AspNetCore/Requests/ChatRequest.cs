using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>A request to /v1/chat/completions, checked as far as that is possible without its model.</summary>
internal sealed record ChatRequest
{
    private const int LongestSession = 256;

    /// <summary>Model and its stay.</summary>
    public required CommonFields Common { get; init; }

    /// <summary>The chat so far; in a session, what is new in it.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>Functions that the model may call.</summary>
    public required ToolFields Tools { get; init; }

    /// <summary>How to sample.</summary>
    public required GenerationOptions Generation { get; init; }

    /// <summary>Whether and how the reply streams.</summary>
    public required StreamFields Stream { get; init; }

    /// <summary>The conversation that the messages go on with; null: none.</summary>
    public string? SessionId { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="priority">Added to the request's own.</param>
    /// <exception cref="ApiException">A field is missing, wrong or not supported.</exception>
    public static ChatRequest Read(JsonObject body, ServerLimits limits, int priority)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        ImmutableArray<ChatMessage> messages = MessageReader.Read(fields.Require("messages"), "messages", limits.Depth);
        GenerationOptions generation = SamplingFields.Read(fields, limits, ReadMaxTokens(fields), priority) with
        {
            TopLogProbabilities = ReadLogProbabilities(fields),
            ResponseFormat = FormatFields.Read(fields),
        };
        string? session = ReadSession(fields, generation);
        StreamFields stream = StreamFields.Read(fields);
        CommonFields.CheckLabels(fields);
        fields.RefuseUnless("store", value => !JsonRead.Flag(value, "store"), "false; completions are not stored");
        ToolFields tools = ToolFields.Read(fields);
        if (!tools.Tools.IsEmpty && generation.ResponseFormat is not null)
            throw ApiException.Invalid("'response_format' leaves no room for a call: ask for tools or for a format, not for both.", "response_format", "invalid_value");
        fields.RefuseOthers();
        return new ChatRequest
        {
            Common = common,
            Messages = messages,
            Tools = tools,
            Generation = generation,
            Stream = stream,
            SessionId = session,
        };
    }

    private static int? ReadMaxTokens(RequestFields fields)
    {
        int? old = fields.Integer("max_tokens", 1), current = fields.Integer("max_completion_tokens", 1);
        if (old is not null && current is not null && old != current)
            throw ApiException.Invalid("'max_tokens' and 'max_completion_tokens' mean the same and must not differ.", "max_tokens", "invalid_value");
        return current ?? old;
    }

    private static int? ReadLogProbabilities(RequestFields fields)
    {
        bool wanted = fields.Flag("logprobs");
        int? top = fields.Integer("top_logprobs", 0, 20);
        if (top is not null && !wanted)
            throw ApiException.Invalid("'top_logprobs' needs 'logprobs': true.", "top_logprobs", "invalid_value");
        return wanted ? top ?? 0 : null;
    }

    private static string? ReadSession(RequestFields fields, GenerationOptions generation)
    {
        string? session = fields.Text("session_id");
        if (session is { Length: 0 or > LongestSession })
            throw ApiException.Invalid($"'session_id' must have 1 to {LongestSession} characters.", "session_id", "invalid_value");
        if (session is not null && generation.Choices > 1)
            throw ApiException.Invalid("'n' must be 1 in a session, which goes on with one reply.", "n", "invalid_value");
        return session;
    }
}
