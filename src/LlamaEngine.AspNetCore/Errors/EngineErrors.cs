using System.Collections.Frozen;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Sampling;
using LlamaEngine.Tribunal;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Errors;

/// <summary>What a request is told when the engine throws. Every exception has an answer; what nobody foresaw is a 500 without details.</summary>
internal static class EngineErrors
{
    /// <summary>Seconds after which a client may ask again when the queue is full.</summary>
    private const int RetryAfter = 1;

    /// <summary>What the engine's own methods call the prompt.</summary>
    private const string PromptParameter = "prompt";

    /// <summary>The engine's options by the names that requests use for them.</summary>
    private static readonly FrozenDictionary<string, string> s_fields = new Dictionary<string, string>
    {
        [nameof(GenerationOptions.MaxTokens)] = "max_tokens",
        [nameof(GenerationOptions.MinTokens)] = "min_tokens",
        [nameof(GenerationOptions.Choices)] = "n",
        [nameof(GenerationOptions.Timeout)] = "timeout",
        [nameof(GenerationOptions.Temperature)] = "temperature",
        [nameof(GenerationOptions.TopK)] = "top_k",
        [nameof(GenerationOptions.TopP)] = "top_p",
        [nameof(GenerationOptions.MinP)] = "min_p",
        [nameof(GenerationOptions.TypicalP)] = "typical_p",
        [nameof(GenerationOptions.RepetitionPenalty)] = "repetition_penalty",
        [nameof(GenerationOptions.PresencePenalty)] = "presence_penalty",
        [nameof(GenerationOptions.FrequencyPenalty)] = "frequency_penalty",
        [nameof(GenerationOptions.LogitBias)] = "logit_bias",
        [nameof(GenerationOptions.StopStrings)] = "stop",
        [nameof(GenerationOptions.StopTokens)] = "stop_token_ids",
        [nameof(GenerationOptions.TopLogProbabilities)] = "top_logprobs",
        [nameof(GenerationOptions.IgnoreEndTokens)] = "ignore_eos",
    }.ToFrozenDictionary();

    /// <summary>The error for a request.</summary>
    /// <param name="prompt">The field that the prompt stands in.</param>
    public static ApiException Translate(Exception exception, string? prompt) => exception switch
    {
        ApiException already => already,
        TribunalException { InnerException: { } cause } stage => OfStage(stage, Translate(cause, prompt)),
        ContextLengthExceededException tooLong => ApiException.Invalid(tooLong.Message, prompt, "context_length_exceeded"),
        QueueFullException full => ApiException.TooMany($"{full.Queued} requests wait already; try again later.", RetryAfter, "queue_full"),
        ConversationLimitException sessions => ApiException.TooMany(
            $"{sessions.Limit} sessions are kept already; end one (DELETE /v1/sessions/ID) or try again later.", RetryAfter, "session_limit"),
        DeadlineExceededException late => new(StatusCodes.Status408RequestTimeout, "timeout_error", late.Message, "timeout", "deadline_exceeded"),
        ConversationBusyException busy => new(
            StatusCodes.Status409Conflict, "invalid_request_error", $"The session '{busy.ConversationId}' is still answering; one turn at a time.", "session_id", "session_busy"),
        ChatTemplateException template => ApiException.Invalid($"The model's chat template refuses the messages: {template.Message}", prompt, "chat_template_error"),
        UnsupportedSchemaException schema => ApiException.Invalid(schema.Message, FormatFields.SchemaPath, "unsupported_schema"),
        NoTokenAllowedException => ApiException.Invalid(
            "No token is allowed: 'stop_token_ids', 'logit_bias' and what the reply is held to forbid them all.", code: "no_token_allowed"),
        InsufficientDeviceMemoryException => LoadErrors.Unavailable("There is not enough memory for the request now.", "insufficient_memory", exception),
        ObjectDisposedException => LoadErrors.Unavailable("The server is shutting down.", "shutting_down", exception),
        EngineFaultedException => Internal("The engine met an internal error and takes no more requests.", "engine_faulted", exception),
        ArgumentException { ParamName: { } option } wrong when option == PromptParameter || s_fields.ContainsKey(option) => Wrong(wrong, prompt),
        NotSupportedException unsupported => ApiException.Invalid(unsupported.Message, prompt, "unsupported_parameter"),
        BadHttpRequestException bad => new(bad.StatusCode, "invalid_request_error", bad.Message),
        OperationCanceledException => LoadErrors.Unavailable("The request was cancelled.", "cancelled", exception),
        _ => Internal("The server met an internal error.", "internal_error", exception),
    };

    /// <summary>The message of an argument exception without the name of the parameter, which means nothing in a request.</summary>
    public static string WithoutParameter(ArgumentException exception)
    {
        int end = exception.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end];
    }

    private static ApiException OfStage(TribunalException stage, ApiException error) =>
        new(error.Status, error.Type, $"The stage '{TribunalStage.NameOf(stage.Stage)}' of round {stage.Round} failed: {error.Message}", error.Parameter, error.Code)
        {
            RetryAfter = error.RetryAfter,
            Cause = error.Cause,
        };

    private static ApiException Internal(string message, string code, Exception cause) =>
        new(StatusCodes.Status500InternalServerError, "server_error", message, code: code) { Cause = cause };

    /// <summary>An option out of its range, by the field's name, or tokens that make no prompt.</summary>
    private static ApiException Wrong(ArgumentException exception, string? prompt)
    {
        string message = WithoutParameter(exception);
        string option = exception.ParamName!;
        if (!s_fields.TryGetValue(option, out string? field))
            return ApiException.Invalid(message, prompt, "invalid_value");
        return ApiException.Invalid(
            message.Replace(option, $"'{field}'", StringComparison.Ordinal).Replace("MaxTokens", "'max_tokens'", StringComparison.Ordinal)
                .Replace("ResponseFormat", "'response_format'", StringComparison.Ordinal), field, "invalid_value");
    }
}
