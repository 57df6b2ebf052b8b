using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Reads messages as what a model is shown of them: role, text, calls and their results.</summary>
internal static class ChatText
{
    /// <summary>Copies of the messages, so that nothing changes when the caller's do.</summary>
    /// <param name="withTools">The model knows calls and results.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    /// <exception cref="NotSupportedException">A message holds something else; the exception names it.</exception>
    public static ImmutableArray<ChatMessage> Read(IEnumerable<ChatMessage> messages, bool withTools)
    {
        ImmutableArray<ChatMessage> texts = [.. messages.Select(message => Read(message, withTools))];
        return texts.IsEmpty ? throw new ArgumentException("There are no messages to answer.", nameof(messages)) : texts;
    }

    private static ChatMessage Read(ChatMessage message, bool withTools)
    {
        ArgumentNullException.ThrowIfNull(message);
        var text = new StringBuilder();
        List<AIContent> others = [];
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    break;
                case TextReasoningContent or UsageContent:
                    break; // what an earlier reply brings along: models are not meant to see their own thoughts again
                case FunctionCallContent call when withTools && message.Role == ChatRole.Assistant:
                    others.Add(new FunctionCallContent(call.CallId, call.Name, call.Arguments is { } given ? new Dictionary<string, object?>(given) : null));
                    break;
                case FunctionResultContent result when withTools && message.Role == ChatRole.Tool:
                    others.Add(new FunctionResultContent(result.CallId, result.Result));
                    break;
                default:
                    throw Refused.Member("ChatMessage.Contents", $"{Describe(content)} of '{message.Role}'", Supported(withTools));
            }
        }
        if (others.Count == 0)
            return new ChatMessage(message.Role, text.ToString());
        return new ChatMessage(message.Role, text.Length == 0 ? others : [new TextContent(text.ToString()), .. others]);
    }

    private static string Supported(bool withTools) => withTools
        ? "TextContent, FunctionCallContent of the assistant, FunctionResultContent of 'tool'"
        : "TextContent; the model's chat template has no tools";

    private static string Describe(AIContent content) => content switch
    {
        DataContent data => $"{nameof(DataContent)}, {data.MediaType}",
        UriContent uri => $"{nameof(UriContent)}, {uri.MediaType}",
        _ => content.GetType().Name,
    };
}
