using System.Collections.Immutable;
using LlamaEngine.Contexts;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

/// <summary>What a completion continues: a text, token ids, a retained context and a text, or the messages of a chat.</summary>
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

    /// <summary>Functions that the model is told of; only with messages.</summary>
    internal ImmutableArray<ToolDefinition> Tools { get; private init; } = [];

    /// <summary>Whether the model may or must call one of them.</summary>
    internal ToolChoice ToolChoice { get; private init; } = ToolChoice.Auto;

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

    /// <summary>A chat to answer, with functions that the model may ask to have run, through the model's own template.</summary>
    /// <param name="messages">
    /// The chat. Calls stand in it as <see cref="FunctionCallContent"/>, what they gave as <see cref="FunctionResultContent"/>.
    /// </param>
    /// <param name="tools">The functions; none: as if this were left out.</param>
    /// <param name="choice">Whether the model may or must call one; null: it decides.</param>
    /// <remarks>
    /// Calls come as text, in the model's own form; <see cref="InferenceEngine.CreateToolCallParser"/> finds them there. A model whose
    /// template knows no tools refuses the prompt with <see cref="NotSupportedException"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Two tools have the same name, or the one to be called is not among them.</exception>
    public static Prompt FromMessages(IEnumerable<ChatMessage> messages, IEnumerable<ToolDefinition> tools, ToolChoice? choice = null)
    {
        ImmutableArray<ToolDefinition> offered = [.. tools];
        if (offered.DistinctBy(tool => tool.Name).Count() < offered.Length)
            throw new ArgumentException("Several tools have the same name.", nameof(tools));
        choice ??= ToolChoice.Auto;
        if (choice.IsForced && !offered.Any(tool => choice.Name is null || tool.Name == choice.Name))
            throw new ArgumentException($"There is no tool {(choice.Name is null ? "" : $"'{choice.Name}' ")}to be called.", nameof(choice));
        return new Prompt { Messages = [.. messages], Tools = offered, ToolChoice = choice };
    }

    /// <summary>A single user message to answer, through the model's own template.</summary>
    public static Prompt FromUser(string text) => FromMessages([new ChatMessage(ChatRole.User, text)]);

    /// <summary>
    /// A retained context and a text behind it, to continue as they stand. The text is encoded by itself, without BOS, as the tokenizer
    /// encodes the beginning of a text: tokens never reach across the border, and SentencePiece vocabularies put a space there.
    /// </summary>
    /// <param name="context">What comes first. It need not be retained any more: what is missing is computed again.</param>
    /// <param name="text">What follows; nothing, to continue the context itself.</param>
    /// <param name="allowSpecial">Special tokens written in the text count as such.</param>
    /// <remarks>
    /// A conversation goes on with its messages instead: <see cref="FromMessages(IEnumerable{ChatMessage})"/> of <see cref="RetainedContext.Messages"/> and the
    /// next one finds the same tokens in the cache, and the model's template writes what belongs between them.
    /// </remarks>
    public static Prompt Following(RetainedContext context, string text, bool allowSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(text);
        return new Prompt { Tokens = context.Tokens, Text = text, AllowSpecial = allowSpecial };
    }

    /// <summary>A text to continue: <see cref="FromText"/>.</summary>
    public static implicit operator Prompt(string text) => FromText(text);

    /// <summary>Token ids to continue: <see cref="FromTokens"/>.</summary>
    public static implicit operator Prompt(int[] tokens) => FromTokens(tokens);
}
