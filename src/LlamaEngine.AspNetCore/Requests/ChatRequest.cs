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
        };
        string? session = ReadSession(fields, generation);
        StreamFields stream = StreamFields.Read(fields);
        CommonFields.CheckLabels(fields);
        fields.RefuseUnless("store", value => !JsonRead.Flag(value, "store"), "false; completions are not stored");
        RefuseWhatComesLater(fields);
        fields.RefuseOthers();
        return new ChatRequest { Common = common, Messages = messages, Generation = generation, Stream = stream, SessionId = session };
    }

    /// <summary>
    /// The one place that refuses formats and tools. It goes when <see cref="GenerationOptions"/> can express them: response_format is then
    /// read into the options, tools and tool_choice into the prompt and the reply.
    /// </summary>
    private static void RefuseWhatComesLater(RequestFields fields)
    {
        fields.RefuseUnless("response_format", value => IsText(JsonRead.Object(value, "response_format")), "{\"type\": \"text\"}");
        fields.RefuseUnless("tools", value => JsonRead.List(value, "tools").Count == 0, "no tools");
        fields.RefuseUnless("tool_choice", value => JsonRead.IsText(value) && JsonRead.Text(value, "tool_choice") is "none" or "auto", "none and auto");
        fields.RefuseUnless("parallel_tool_calls", value => JsonRead.Flag(value, "parallel_tool_calls") || true, "true and false");
    }

    private static bool IsText(JsonObject format)
    {
        var fields = new RequestFields(format, "response_format");
        bool isText = JsonRead.Text(fields.Require("type"), "response_format.type") == "text";
        if (isText)
            fields.RefuseOthers();
        return isText;
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
