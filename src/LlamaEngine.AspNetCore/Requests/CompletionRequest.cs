using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>A request to /v1/completions, checked as far as that is possible without its model.</summary>
internal sealed record CompletionRequest
{
    /// <summary>Model and its stay.</summary>
    public required CommonFields Common { get; init; }

    /// <summary>What to continue, each with as many completions as the options say; at least one.</summary>
    public required ImmutableArray<Prompt> Prompts { get; init; }

    /// <summary>How to sample.</summary>
    public required GenerationOptions Generation { get; init; }

    /// <summary>Whether and how the reply streams.</summary>
    public required StreamFields Stream { get; init; }

    /// <summary>All completions together.</summary>
    public int Choices => Prompts.Length * Generation.Choices;

    /// <summary>Reads a body.</summary>
    /// <param name="priority">Added to the request's own.</param>
    /// <exception cref="ApiException">A field is missing, wrong or not supported.</exception>
    public static CompletionRequest Read(JsonObject body, ServerLimits limits, int priority)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        ImmutableArray<Prompt> prompts = Inputs.Read(fields.Require("prompt"), "prompt", limits.Choices, fields.Flag("parse_special"));
        GenerationOptions generation = SamplingFields.Read(fields, limits, fields.Integer("max_tokens", 1), priority) with
        {
            TopLogProbabilities = fields.Integer("logprobs", 0, 20),
        };
        if ((long)prompts.Length * generation.Choices > limits.Choices)
            throw ApiException.Invalid(
                $"'n' times the number of prompts must be at most {limits.Choices}, not {prompts.Length * generation.Choices}.", "n", "invalid_value");
        StreamFields stream = StreamFields.Read(fields);
        CommonFields.CheckLabels(fields);
        fields.RefuseUnless("echo", value => !JsonRead.Flag(value, "echo"), "false");
        fields.RefuseUnless(
            "best_of", value => JsonRead.Integer(value, "best_of", 1, int.MaxValue) == generation.Choices, $"{generation.Choices}, as 'n' says");
        fields.RefuseOthers();
        return new CompletionRequest { Common = common, Prompts = prompts, Generation = generation, Stream = stream };
    }
}
