using System.Collections.Immutable;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>What a chat client keeps of a conversation. Belongs to its <see cref="ConversationStore"/>, under whose lock it changes.</summary>
internal sealed class Conversation
{
    /// <summary>The messages of all turns that ended well.</summary>
    public ImmutableArray<ChatMessage> Messages { get; set; } = [];

    /// <summary>What keeps the blocks of its tokens; null: nothing does.</summary>
    public RetainedPrefix? Retained { get; set; }

    /// <summary>A turn is running.</summary>
    public bool IsBusy { get; set; }

    /// <summary>It was ended; a turn that still runs is not kept.</summary>
    public bool IsOver { get; set; }
}
