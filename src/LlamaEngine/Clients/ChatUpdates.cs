using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Makes the updates of one response: all with the same ids.</summary>
internal sealed class ChatUpdates(string modelId, string? conversationId)
{
    private readonly string _responseId = $"response-{Guid.NewGuid():N}";
    private readonly string _messageId = $"message-{Guid.NewGuid():N}";
    private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;

    /// <summary>A piece of the reply.</summary>
    public ChatResponseUpdate Text(CompletionUpdate update)
    {
        ChatResponseUpdate text = Create(update.Text.Length == 0 ? [] : [new TextContent(update.Text)]);
        text.RawRepresentation = update;
        text.FinishReason = update.FinishReason switch
        {
            FinishReason.Stop => ChatFinishReason.Stop,
            FinishReason.Length => ChatFinishReason.Length,
            _ => null,
        };
        return text;
    }

    /// <summary>What it took: the last update.</summary>
    public ChatResponseUpdate Usage(TokenUsage usage) => Create([new UsageContent(UsageOf(usage))]);

    /// <summary>Usage as Microsoft.Extensions.AI counts it: cached tokens are among the input tokens.</summary>
    public static UsageDetails UsageOf(TokenUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.CompletionTokens,
        TotalTokenCount = usage.TotalTokens,
        CachedInputTokenCount = usage.CachedTokens,
    };

    private ChatResponseUpdate Create(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = _responseId,
        MessageId = _messageId,
        ConversationId = conversationId,
        ModelId = modelId,
        CreatedAt = _created,
    };
}
