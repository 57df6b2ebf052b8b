using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>What a <see cref="DocumentChat"/> asks of a model, whether it runs in this process or behind a server.</summary>
internal abstract class AnswerModel : IAsyncDisposable
{
    /// <summary>Tokens of prompt and answer together; null: unknown.</summary>
    public virtual int? ContextLength => null;

    /// <summary>It can be held to one of some texts, and is too small to word answers by itself.</summary>
    public virtual bool IsSmall => false;

    /// <summary>It can be held to one of some texts.</summary>
    public virtual bool CanBeHeld => false;

    /// <summary>Answers a chat.</summary>
    /// <param name="choices">What the answer can be; null: anything.</param>
    /// <param name="tokens">At most so many.</param>
    public abstract IAsyncEnumerable<ModelPiece> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<string>? choices, int tokens, float temperature, CancellationToken cancellation);

    /// <summary>How many tokens a chat takes; null: unknown.</summary>
    public virtual int? Count(IReadOnlyList<ChatMessage> messages) => null;

    /// <summary>Keeps what was computed for the beginning that two chats share.</summary>
    public virtual Task KeepAsync(string name, IReadOnlyList<ChatMessage> one, IReadOnlyList<ChatMessage> other, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A piece of what a model says.</summary>
/// <param name="Text">May be empty.</param>
/// <param name="Usage">Set in the last one, where it is known.</param>
internal readonly record struct ModelPiece(string Text, TokenUsage? Usage = null);
