using System.Collections.Immutable;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tribunal;

/// <summary>
/// What was said so far. All stages are turns of the same chat: request, answer, critique prompt, critique, revision prompt, revision, …
/// So each prompt begins with the one before it and finds that in the cache, in every engine that has seen it.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TribunalTranscript
{
    private readonly TribunalPrompts _prompts;
    private readonly string _request;
    private string _critique = "";

    /// <param name="messages">The caller's; the last one is the request.</param>
    public TribunalTranscript(ImmutableArray<ChatMessage> messages, TribunalPrompts prompts)
    {
        _prompts = prompts;
        _request = messages[^1].Text;
        Chat = messages;
    }

    /// <summary>The messages so far.</summary>
    public ImmutableArray<ChatMessage> Chat { get; private set; }

    /// <summary>The stages that have ended.</summary>
    public ImmutableArray<TribunalStage> Stages { get; private set; } = [];

    /// <summary>The last answer.</summary>
    public string Answer { get; private set; } = "";

    /// <summary>What the stage does that began last.</summary>
    public TribunalStageKind Kind { get; private set; }

    /// <summary>Its round: 0 for the first answer.</summary>
    public int Round { get; private set; }

    /// <summary>Begins the next stage with its prompt.</summary>
    public void Begin()
    {
        int index = Stages.Length;
        Round = (index + 1) / 2;
        Kind = index == 0 ? TribunalStageKind.Generate : index % 2 == 1 ? TribunalStageKind.Critique : TribunalStageKind.Revise;
        if (index == 0 && _prompts.AsksPlainly)
            return; // the request is the prompt, and its message stays as the caller wrote it
        if (index == 0)
            Chat = Chat.RemoveAt(Chat.Length - 1);
        Chat = Chat.Add(new ChatMessage(ChatRole.User, _prompts.Fill(Kind, _request, Answer, _critique)));
    }

    /// <summary>Ends the stage with the model's reply.</summary>
    public TribunalStage End(string model, Completion reply)
    {
        var stage = new TribunalStage { Kind = Kind, Round = Round, Model = model, Messages = Chat, Completion = reply };
        Stages = Stages.Add(stage);
        Chat = Chat.Add(new ChatMessage(ChatRole.Assistant, reply.Text));
        if (Kind == TribunalStageKind.Critique)
            _critique = reply.Text;
        else
            Answer = reply.Text;
        return stage;
    }
}
