namespace LlamaEngine.Clients;

/// <summary>How many conversations a <see cref="LlamaChatClient"/> keeps.</summary>
public sealed record ConversationOptions
{
    /// <summary>
    /// Most conversations whose messages are kept, at least 1. Beginning another one is refused with
    /// <see cref="ConversationLimitException"/>, since forgetting one would change what the model knows without a word.
    /// </summary>
    public int MaxConversations { get; init; } = 10_000;

    /// <summary>
    /// Most conversations whose keys and values are kept between turns, at least 0. The least recently used one gives them up;
    /// its messages stay, and its next turn computes them again.
    /// </summary>
    public int MaxRetained { get; init; } = 64;

    /// <summary>Refuses options out of their range.</summary>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConversations, 1, nameof(MaxConversations));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRetained, nameof(MaxRetained));
    }
}
