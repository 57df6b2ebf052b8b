using System.Text;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>A reply that grows: text as the model writes it, or split into text and calls.</summary>
/// <param name="parser">Finds the calls; null: there are none to be found.</param>
/// <param name="singleCall">Leave out all calls but the first.</param>
internal sealed class ChatReply(ToolCallParser? parser, bool singleCall)
{
    private readonly StringBuilder _text = new();
    private readonly List<AIContent> _calls = [];

    /// <summary>The model called a function.</summary>
    public bool HasCalls => _calls.Count > 0;

    /// <summary>Takes the next update and gives what of its contents is certain by now.</summary>
    public List<AIContent> Append(CompletionUpdate update)
    {
        List<AIContent> contents = [];
        if (parser is null)
        {
            AddText(update.Text, contents);
            return contents;
        }
        Add(parser.Append(update.Text), contents);
        if (update.FinishReason != FinishReason.None)
            Add(parser.Flush(), contents);
        return contents;
    }

    /// <summary>The whole reply, for the messages of a conversation.</summary>
    public ChatMessage ToMessage() => HasCalls && _text.Length == 0
        ? new ChatMessage(ChatRole.Assistant, _calls)
        : new ChatMessage(ChatRole.Assistant, [new TextContent(_text.ToString()), .. _calls]);

    private void Add(IEnumerable<ReplyPart> parts, List<AIContent> contents)
    {
        foreach (ReplyPart part in parts)
        {
            if (part.Call is null)
                AddText(part.Text, contents);
            else if (!singleCall || !HasCalls)
                AddCall(part.Call, contents);
        }
    }

    private void AddText(string text, List<AIContent> contents)
    {
        if (text.Length == 0)
            return;
        _text.Append(text);
        contents.Add(new TextContent(text));
    }

    private void AddCall(ToolCall call, List<AIContent> contents)
    {
        _calls.Add(ChatTools.ToContent(call));
        // Another instance than the one that is kept, so that callers may change theirs.
        contents.Add(ChatTools.ToContent(call));
    }
}
