using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Any chat client: a server's, another library's.</summary>
internal sealed class ClientModel(IChatClient client) : AnswerModel
{
    /// <inheritdoc/>
    public override async IAsyncEnumerable<ModelPiece> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<string>? choices, int tokens, float temperature, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (choices is not null)
            throw new NotSupportedException("A chat client cannot be held to one of some texts.");
        ChatOptions options = new() { MaxOutputTokens = tokens, Temperature = temperature };
        TokenUsage? usage = null;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, cancellation).ConfigureAwait(false))
        {
            usage = update.Contents.OfType<UsageContent>().LastOrDefault() is { } content ? UsageOf(content.Details) : usage;
            if (update.Text.Length > 0)
                yield return new ModelPiece(update.Text);
        }
        yield return new ModelPiece("", usage);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask; // the client is its owner's

    private static TokenUsage UsageOf(UsageDetails details) =>
        new((int)(details.InputTokenCount ?? 0), (int)(details.OutputTokenCount ?? 0), (int)(details.CachedInputTokenCount ?? 0));
}
