using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Makes the updates of one response: all with the same ids.</summary>
internal sealed class ChatUpdates(string modelId, string? conversationId)
{
    private readonly string _responseId = $"response-{Guid.NewGuid():N}";
    private readonly string _messageId = $"message-{Guid.NewGuid():N}";
    private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;

    /// <summary>A piece of the reply.</summary>
    /// <param name="contents">What it brings: text, calls, or nothing yet.</param>
    /// <param name="hasCalls">The reply so far calls functions.</param>
    public ChatResponseUpdate Piece(CompletionUpdate update, IList<AIContent> contents, bool hasCalls)
    {
        ChatResponseUpdate piece = Create(contents);
        piece.RawRepresentation = update;
        piece.FinishReason = update.FinishReason switch
        {
            FinishReason.Stop when hasCalls => ChatFinishReason.ToolCalls,
            FinishReason.Stop => ChatFinishReason.Stop,
            FinishReason.Length => ChatFinishReason.Length,
            _ => null,
        };
        return piece;
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
