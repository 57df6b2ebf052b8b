using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace RagChatbot.Engines;

/// <summary>One server that speaks OpenAI's API, such as <c>llama-engine serve</c>, vLLM or llama.cpp. Thread-safe.</summary>
/// <remarks>Asks once: who has several servers decides what happens after a failure, an <see cref="EndpointException"/>.</remarks>
internal sealed class OpenAIEndpoint : IChatClient
{
    private readonly Uri _address;
    private readonly EndpointOptions _options;
    private readonly OpenAIClient _client;
    private string? _model;

    /// <summary>Makes a client; nothing is asked yet.</summary>
    /// <param name="address">The base of the API, ending with "/v1".</param>
    /// <param name="http">Sends the requests; stays its owner's.</param>
    public OpenAIEndpoint(Uri address, EndpointOptions options, HttpClient http)
    {
        (_address, _options, _model) = (address, options, options.Model);
        _client = new OpenAIClient(new ApiKeyCredential(options.ApiKey is { Length: > 0 } key ? key : "none"), new OpenAIClientOptions
        {
            Endpoint = address,
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = options.SilenceTimeout,
        });
    }

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="EndpointException">The server cannot be reached, refuses, breaks off or is silent.</exception>
    /// <exception cref="NotSupportedException">A message or option cannot be passed on.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<OpenAI.Chat.ChatMessage> sent = OpenAIMessages.Of(messages);
        ChatCompletionOptions completion = OpenAIMessages.Of(options);
        string model = options?.ModelId ?? await GuardAsync(() => FindModelAsync(cancellationToken), cancellationToken);
        IAsyncEnumerator<StreamingChatCompletionUpdate> updates =
            _client.GetChatClient(model).CompleteChatStreamingAsync(sent, completion, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (updates)
        {
            bool ended = false;
            while (await GuardAsync(() => updates.MoveNextAsync().AsTask(), cancellationToken))
            {
                ended |= updates.Current.FinishReason is not null;
                yield return OpenAIMessages.Of(updates.Current);
            }
            // What OpenAI's client takes for an end: a page of HTML, an error among the events, a connection that was closed in good order.
            if (!ended)
                throw new EndpointException($"{_address} broke off: its reply has no end.", isTemporary: true);
        }
    }

    /// <summary>The model that is asked for: what the options say, else the first that the server lists.</summary>
    /// <exception cref="EndpointException">It lists none, or cannot be asked.</exception>
    private async Task<string> FindModelAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _model) is { } known)
            return known;
        ClientResult<OpenAI.Models.OpenAIModelCollection> models = await _client.GetOpenAIModelClient().GetModelsAsync(cancellationToken);
        string model = models.Value.FirstOrDefault()?.Id ?? throw new EndpointException($"{_address} has no model.", isTemporary: true);
        Volatile.Write(ref _model, model);
        return model;
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> step, CancellationToken cancellationToken)
    {
        try
        {
            return await step();
        }
        catch (Exception exception) when (EndpointFailures.Describe(_address, exception, cancellationToken) is { } failure)
        {
            // It may come back with another model.
            Volatile.Write(ref _model, _options.Model);
            throw failure;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ChatClientMetadata))
            return new ChatClientMetadata("openai", _address, Volatile.Read(ref _model));
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
