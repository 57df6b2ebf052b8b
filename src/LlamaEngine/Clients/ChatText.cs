using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Reads messages as what a model is shown of them: role and text.</summary>
internal static class ChatText
{
    /// <summary>Copies of the messages, so that nothing changes when the caller's do.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    /// <exception cref="NotSupportedException">A message holds something that is not text; the exception names it.</exception>
    public static ImmutableArray<ChatMessage> Read(IEnumerable<ChatMessage> messages)
    {
        ImmutableArray<ChatMessage> texts = [.. messages.Select(Read)];
        return texts.IsEmpty ? throw new ArgumentException("There are no messages to answer.", nameof(messages)) : texts;
    }

    private static ChatMessage Read(ChatMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return new ChatMessage(message.Role, TextOf(message));
    }

    private static string TextOf(ChatMessage message)
    {
        var text = new StringBuilder();
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    break;
                case TextReasoningContent or UsageContent:
                    break; // what an earlier reply brings along: models are not meant to see their own thoughts again
                default:
                    throw Refused.Member("ChatMessage.Contents", Describe(content), "TextContent");
            }
        }
        return text.ToString();
    }

    private static string Describe(AIContent content) => content switch
    {
        DataContent data => $"{nameof(DataContent)}, {data.MediaType}",
        UriContent uri => $"{nameof(UriContent)}, {uri.MediaType}",
        _ => content.GetType().Name,
    };
}
