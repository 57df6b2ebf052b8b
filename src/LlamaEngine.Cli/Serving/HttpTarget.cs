using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Serving;

/// <summary>A server that speaks OpenAI's API: /v1/completions as events. Any will do, so that peers can be measured alike.</summary>
/// <remarks>An event may bring several tokens; how many there were in all, its usage says.</remarks>
internal sealed class HttpTarget : ILoadTarget, IDisposable
{
    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    private readonly HttpClient _client;

    /// <param name="url">The server's base address.</param>
    public HttpTarget(Uri url)
    {
        // As many connections as users; no limit of time, which the requests have of their own.
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue, UseProxy = false };
        _client = new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public EngineStatistics Statistics => default;

    /// <summary>What requests call the model: the first that the server lists, once it was asked.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Asks the server for its first model.</summary>
    /// <exception cref="FailureException">It cannot be reached, or lists none.</exception>
    public async Task FindModelAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(new Uri("v1/models", UriKind.Relative), cancellationToken);
            response.EnsureSuccessStatusCode();
            JsonNode? list = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            Model = (string?)list?["data"]?[0]?["id"] ?? throw new FailureException($"The server at {_client.BaseAddress} lists no model.");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or InvalidOperationException)
        {
            throw new FailureException($"There is no server at {_client.BaseAddress} that lists its models: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CompletionUpdate> GenerateAsync(
        PlannedRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, "v1/completions") { Content = new StringContent(BodyOf(request).ToJsonString(), s_json) };
        using HttpResponseMessage response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new FailureException($"The server answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<CompletionUpdate?> item in SseParser.Create(stream, static (_, data) => UpdateOf(data)).EnumerateAsync(cancellationToken))
        {
            if (item.Data is { } update)
                yield return update;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private JsonObject BodyOf(PlannedRequest request) => new()
    {
        ["model"] = Model,
        ["prompt"] = new JsonArray([.. request.Prompt.Select(token => JsonValue.Create(token))]),
        ["max_tokens"] = request.Options.MaxTokens,
        ["temperature"] = request.Options.Temperature,
        ["top_p"] = request.Options.TopP,
        ["seed"] = request.Options.Seed & long.MaxValue,
        ["ignore_eos"] = request.Options.IgnoreEndTokens,
        ["stream"] = true,
        ["stream_options"] = new JsonObject { ["include_usage"] = true },
    };

    private static CompletionUpdate? UpdateOf(ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual("[DONE]"u8))
            return null;
        var reader = new Utf8JsonReader(data);
        using JsonDocument item = JsonDocument.ParseValue(ref reader);
        JsonElement root = item.RootElement;
        if (root.TryGetProperty("error", out JsonElement error))
            throw new FailureException($"The server broke off: {error.GetRawText()}");
        TokenUsage? usage = root.TryGetProperty("usage", out JsonElement counts) && counts.ValueKind == JsonValueKind.Object
            ? new TokenUsage(counts.GetProperty("prompt_tokens").GetInt32(), counts.GetProperty("completion_tokens").GetInt32(), 0)
            : null;
        bool brings = root.TryGetProperty("choices", out JsonElement choices) && choices.GetArrayLength() > 0;
        return usage is null && !brings ? null : new CompletionUpdate { Text = "", TokenId = brings ? 0 : null, Usage = usage };
    }
}
