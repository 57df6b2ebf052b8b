using System.Collections.Immutable;
using System.Text;
using LlamaEngine.Clients;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>A step of a chat's reply.</summary>
/// <param name="Update">What was generated.</param>
/// <param name="Parts">Text and calls that are certain by now.</param>
/// <param name="CallsTools">The reply has called a function so far.</param>
internal sealed record ChatUpdate(CompletionUpdate Update, ImmutableArray<ReplyPart> Parts, bool CallsTools);

/// <summary>Splits the reply of one choice into text and calls while it comes.</summary>
/// <param name="parser">Finds the calls; null: there are none to be found.</param>
/// <param name="singleCall">Leave out all calls but the first.</param>
internal sealed class ReplySplitter(ToolCallParser? parser, bool singleCall)
{
    private readonly StringBuilder _text = new();
    private readonly List<ToolCall> _calls = [];

    /// <summary>Takes what was generated next.</summary>
    public ChatUpdate Split(CompletionUpdate update)
    {
        ImmutableArray<ReplyPart> parts = parser is null
            ? update.Text.Length == 0 ? [] : [new ReplyPart(update.Text, null)]
            : [.. parser.Append(update.Text), .. update.FinishReason != FinishReason.None ? parser.Flush() : []];
        foreach (ReplyPart part in parts)
        {
            if (part.Call is null)
                _text.Append(part.Text);
            else if (!singleCall || _calls.Count == 0)
                _calls.Add(part.Call);
            else
                parts = parts.Remove(part);
        }
        return new ChatUpdate(update, parts, _calls.Count > 0);
    }

    /// <summary>The reply so far, for the messages of a session.</summary>
    public ChatMessage ToMessage()
    {
        IEnumerable<AIContent> calls = _calls.Select(ChatTools.ToContent);
        return _calls.Count > 0 && _text.Length == 0
            ? new ChatMessage(ChatRole.Assistant, [.. calls])
            : new ChatMessage(ChatRole.Assistant, [new TextContent(_text.ToString()), .. calls]);
    }
}
