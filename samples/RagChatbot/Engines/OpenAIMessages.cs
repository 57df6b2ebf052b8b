using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatFinishReason = OpenAI.Chat.ChatFinishReason;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace RagChatbot.Engines;

/// <summary>From the interfaces of Microsoft.Extensions.AI to those of OpenAI's client and back, as far as a chat about documents needs them.</summary>
internal static class OpenAIMessages
{
    /// <summary>The messages; their contents have to be text.</summary>
    /// <exception cref="NotSupportedException">A message is of another role, or has other contents.</exception>
    public static List<OpenAI.Chat.ChatMessage> Of(IEnumerable<ChatMessage> messages) => [.. messages.Select(Of)];

    /// <summary>The options.</summary>
    /// <exception cref="NotSupportedException">An option is set that is not passed on; the message names it.</exception>
    public static ChatCompletionOptions Of(ChatOptions? options)
    {
        ChatCompletionOptions completion = new();
        if (options is null)
            return completion;
        Refuse(options);
        completion.MaxOutputTokenCount = options.MaxOutputTokens;
        completion.Temperature = options.Temperature;
        completion.TopP = options.TopP;
        completion.FrequencyPenalty = options.FrequencyPenalty;
        completion.PresencePenalty = options.PresencePenalty;
        foreach (string stop in options.StopSequences ?? [])
            completion.StopSequences.Add(stop);
        return completion;
    }

    /// <summary>A piece of a reply.</summary>
    public static ChatResponseUpdate Of(StreamingChatCompletionUpdate update)
    {
        ChatResponseUpdate piece = new(ChatRole.Assistant, [])
        {
            ResponseId = update.CompletionId, MessageId = update.CompletionId, ModelId = update.Model, CreatedAt = update.CreatedAt,
            FinishReason = Of(update.FinishReason), RawRepresentation = update,
        };
        foreach (ChatMessageContentPart part in update.ContentUpdate)
        {
            if (part.Text is { Length: > 0 } text)
                piece.Contents.Add(new TextContent(text));
        }
        if (update.Usage is { } usage)
            piece.Contents.Add(new UsageContent(Of(usage)));
        return piece;
    }

    private static UsageDetails Of(ChatTokenUsage usage) => new()
    {
        InputTokenCount = usage.InputTokenCount,
        OutputTokenCount = usage.OutputTokenCount,
        TotalTokenCount = usage.TotalTokenCount,
        CachedInputTokenCount = usage.InputTokenDetails?.CachedTokenCount,
    };

    private static OpenAI.Chat.ChatMessage Of(ChatMessage message)
    {
        if (message.Contents.FirstOrDefault(content => content is not TextContent) is { } other)
            throw new NotSupportedException($"Messages to servers have texts only, not {other.GetType().Name}.");
        if (message.Role == ChatRole.System)
            return new SystemChatMessage(message.Text);
        if (message.Role == ChatRole.User)
            return new UserChatMessage(message.Text);
        if (message.Role == ChatRole.Assistant)
            return new AssistantChatMessage(message.Text);
        throw new NotSupportedException($"Messages to servers are of the roles system, user and assistant, not '{message.Role}'.");
    }

    private static Microsoft.Extensions.AI.ChatFinishReason? Of(ChatFinishReason? reason) => reason switch
    {
        null => null,
        ChatFinishReason.Stop => Microsoft.Extensions.AI.ChatFinishReason.Stop,
        ChatFinishReason.Length => Microsoft.Extensions.AI.ChatFinishReason.Length,
        ChatFinishReason.ContentFilter => Microsoft.Extensions.AI.ChatFinishReason.ContentFilter,
        ChatFinishReason.ToolCalls => Microsoft.Extensions.AI.ChatFinishReason.ToolCalls,
        _ => new Microsoft.Extensions.AI.ChatFinishReason(reason.Value.ToString()),
    };

    private static void Refuse(ChatOptions options)
    {
        (string Name, bool IsSet)[] refused =
        [
            (nameof(options.Tools), options.Tools is { Count: > 0 }), (nameof(options.ToolMode), options.ToolMode is not null),
            (nameof(options.TopK), options.TopK is not null), (nameof(options.Seed), options.Seed is not null),
            (nameof(options.ResponseFormat), options.ResponseFormat is not (null or ChatResponseFormatText)),
            (nameof(options.ConversationId), options.ConversationId is not null), (nameof(options.Instructions), options.Instructions is not null),
            (nameof(options.Reasoning), options.Reasoning is not null), (nameof(options.AllowMultipleToolCalls), options.AllowMultipleToolCalls is not null),
            (nameof(options.AdditionalProperties), options.AdditionalProperties is { Count: > 0 }),
            (nameof(options.RawRepresentationFactory), options.RawRepresentationFactory is not null),
        ];
        if (refused.FirstOrDefault(one => one.IsSet).Name is { } name)
            throw new NotSupportedException($"ChatOptions.{name} is not passed on to servers.");
    }
}
