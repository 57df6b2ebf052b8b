using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LlamaEngine.Diagnostics;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>An engine as <see cref="IChatClient"/>; <see cref="InferenceEngine.AsChatClient"/> makes one.</summary>
/// <remarks>
/// <para>
/// Thread-safe. Does not own the engine: <see cref="Dispose"/> ends the client's conversations and leaves the engine as it is.
/// </para>
/// <para>
/// Every member of <see cref="ChatOptions"/> is honoured or refused with a <see cref="NotSupportedException"/> that names it.
/// Reasoning and background responses are refused. <c>RawRepresentationFactory</c> may give
/// <see cref="GenerationOptions"/>, on which the other members are laid. <c>AdditionalProperties</c> takes the rest of them by the
/// keys <c>min_p</c>, <c>typical_p</c>, <c>repetition_penalty</c>, <c>penalty_window</c>, <c>logit_bias</c>,
/// <c>banned_tokens</c>, <c>min_tokens</c>, <c>stop_tokens</c>, <c>ignore_end_tokens</c>, <c>top_logprobs</c>, <c>priority</c> and
/// <c>timeout</c> (seconds). <c>Instructions</c> go before all messages, as one of the system. A negative <c>Seed</c> counts as its
/// 64 bits. <c>ModelId</c> must be the model's name or path.
/// </para>
/// <para>
/// <c>Tools</c> are functions (<see cref="AIFunctionDeclaration"/>), for models whose chat template has tools. Calls come as
/// <see cref="FunctionCallContent"/> as soon as each is complete, their arguments as JSON elements; the reply then ends with
/// <see cref="ChatFinishReason.ToolCalls"/>. The client runs no function: middleware does, or the caller, who sends a
/// <see cref="FunctionResultContent"/> in a message of the role <c>tool</c>. With <c>ToolMode</c> None the model is not told of the
/// tools; where a call is required, the reply is one call that follows the schema. With <c>AllowMultipleToolCalls</c> false all calls
/// of a reply but the first are left out. Tools and a JSON <c>ResponseFormat</c> exclude each other.
/// </para>
/// <para>
/// Messages are shown to the model as role, text, calls and results. Reasoning and usage of earlier replies are left out; any other
/// content (images, …) is refused with a <see cref="NotSupportedException"/>. The raw representation of an update is a
/// <see cref="CompletionUpdate"/>, that of a response a <see cref="Completion"/>: there are tokens, log probabilities and timings.
/// </para>
/// <para>
/// <c>ConversationId</c> names a conversation that the client keeps. The caller chooses the id; the first use begins the
/// conversation, later calls give only the new messages. <c>Instructions</c> hold for one call and are not kept. A turn that fails,
/// is cancelled or abandoned leaves the conversation as it was. One turn at a time: another is refused with
/// <see cref="ConversationBusyException"/>. Messages are kept until <see cref="EndConversation"/>, at most so many
/// conversations as <see cref="ConversationOptions"/> says; keys and values between turns while there is room. Without an id
/// the client keeps nothing.
/// </para>
/// </remarks>
public sealed class LlamaChatClient : IChatClient
{
    private readonly ConversationStore _conversations;
    private readonly ChatClientMetadata _metadata;
    private bool _disposed;

    internal LlamaChatClient(InferenceEngine engine, ConversationOptions options)
    {
        Engine = engine;
        _conversations = new ConversationStore(engine, options);
        _metadata = new ChatClientMetadata(Telemetry.Provider, defaultModelId: engine.Model.Name);
    }

    internal InferenceEngine Engine { get; }

    /// <summary>Answers messages.</summary>
    /// <param name="messages">The chat so far; with a <c>ConversationId</c> what is new in it. At least one.</param>
    /// <param name="options">How; null: as the model's generation_config says.</param>
    /// <param name="cancellationToken">Ends the request; its memory is free a step later.</param>
    /// <exception cref="NotSupportedException">An option or a message asks for what is not supported.</exception>
    /// <exception cref="ConversationBusyException">A turn of the conversation is running.</exception>
    /// <exception cref="ConversationLimitException">The conversation is new, and there are too many.</exception>
    /// <inheritdoc cref="InferenceEngine.GenerateAsync(Prompt, GenerationOptions?, CancellationToken)" path="/exception"/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
            updates.Add(update);
        ChatResponse response = updates.ToChatResponse();
        response.RawRepresentation = CompletionBuilder.Combine([.. updates.Select(update => update.RawRepresentation).OfType<CompletionUpdate>()]);
        return response;
    }

    /// <summary>Answers messages, token by token; the last update has the usage. Errors come with the enumeration.</summary>
    /// <inheritdoc cref="GetResponseAsync" path="/param"/>
    /// <inheritdoc cref="GetResponseAsync" path="/exception"/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(messages, options, cancellationToken);
    }

    /// <summary>Forgets a conversation and lets its keys and values go. A turn of it that runs goes on, but is not kept.</summary>
    /// <returns>False: there is none of this id.</returns>
    public bool EndConversation(string conversationId) => _conversations.End(conversationId);

    /// <summary>Gives the <see cref="ChatClientMetadata"/>, the <see cref="InferenceEngine"/>, or this client.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType.IsInstanceOfType(this))
            return this;
        return serviceType == typeof(ChatClientMetadata) ? _metadata : serviceType.IsInstanceOfType(Engine) ? Engine : null;
    }

    /// <summary>Ends the conversations; takes no more requests. The engine stays.</summary>
    public void Dispose()
    {
        _disposed = true;
        _conversations.Dispose();
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GenerationOptions generation = ChatOptionsReader.Read(options, this);
        ChatTools tools = ChatTools.Read(options, Engine);
        ImmutableArray<ChatMessage> added = ChatText.Read(messages, Engine.SupportsTools);
        using ConversationTurn? turn = BeginTurn(options);
        Prompt prompt = Prompt.FromMessages([.. InstructionsOf(options), .. turn?.Messages ?? [], .. added], tools.Tools, tools.Choice);
        var updates = new ChatUpdates(Engine.Model.Name, options?.ConversationId);
        var reply = new ChatReply(tools.Tools.IsEmpty ? null : Engine.CreateToolCallParser(prompt), options?.AllowMultipleToolCalls == false);
        await foreach (CompletionUpdate update in Engine.GenerateAsync(prompt, generation, turn?.Retained, cancellationToken).ConfigureAwait(false))
        {
            List<AIContent> contents = reply.Append(update);
            if (update.FinishReason != FinishReason.None)
                turn?.Complete([.. added, reply.ToMessage()]);
            yield return updates.Piece(update, contents, reply.HasCalls);
            if (update.Usage is { } usage)
                yield return updates.Usage(usage);
        }
    }

    private ConversationTurn? BeginTurn(ChatOptions? options)
    {
        if (options?.ConversationId is "")
            throw new ArgumentException("ChatOptions.ConversationId must not be empty.", nameof(options));
        return options?.ConversationId is { } id ? _conversations.BeginTurn(id) : null;
    }

    private static ImmutableArray<ChatMessage> InstructionsOf(ChatOptions? options) =>
        options?.Instructions is { Length: > 0 } instructions ? [new ChatMessage(ChatRole.System, instructions)] : [];
}
