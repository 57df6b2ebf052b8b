using System.Collections.Immutable;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

/// <summary>What a completion continues: a text, token ids, or the messages of a chat.</summary>
/// <remarks>A string or an array of ids converts by itself. Immutable.</remarks>
public sealed class Prompt
{
    private Prompt()
    {
    }

    internal string? Text { get; private init; }

    internal bool AllowSpecial { get; private init; }

    internal ImmutableArray<int>? Tokens { get; private init; }

    internal ImmutableArray<ChatMessage>? Messages { get; private init; }

    /// <summary>A text to continue. BOS is added as the model's rule says; no chat template is applied.</summary>
    /// <param name="text">The text.</param>
    /// <param name="allowSpecial">Special tokens written in the text count as such.</param>
    public static Prompt FromText(string text, bool allowSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Prompt { Text = text, AllowSpecial = allowSpecial };
    }

    /// <summary>Token ids to continue, as they are.</summary>
    public static Prompt FromTokens(IEnumerable<int> tokens) => new() { Tokens = [.. tokens] };

    /// <summary>A chat to answer, through the model's own template.</summary>
    public static Prompt FromMessages(IEnumerable<ChatMessage> messages) => new() { Messages = [.. messages] };

    /// <summary>A single user message to answer, through the model's own template.</summary>
    public static Prompt FromUser(string text) => FromMessages([new ChatMessage(ChatRole.User, text)]);

    /// <summary>A text to continue: <see cref="FromText"/>.</summary>
    public static implicit operator Prompt(string text) => FromText(text);

    /// <summary>Token ids to continue: <see cref="FromTokens"/>.</summary>
    public static implicit operator Prompt(int[] tokens) => FromTokens(tokens);
}
