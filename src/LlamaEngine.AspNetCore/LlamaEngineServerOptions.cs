using LlamaEngine.Clients;

namespace LlamaEngine.AspNetCore;

/// <summary>What a server offers and how much requests may ask for.</summary>
/// <remarks>Checked when the host starts.</remarks>
public sealed class LlamaEngineServerOptions
{
    /// <summary>
    /// Models that are loaded when a request first names them, and unloaded where another one needs their room, besides the engines that the
    /// program has added to its container. Requests that name no model get the first of all: the program's own engines come before these.
    /// </summary>
    public IList<LlamaEngineServerModel> Models { get; } = [];

    /// <summary>
    /// Loads the program's own engines that are not loaded by its start (<c>LoadAtStart = false</c>) beside it, rather than with their first
    /// request: the server answers meanwhile that it is not ready.
    /// </summary>
    public bool PreloadEngines { get; set; }

    /// <summary>
    /// How long a model of <see cref="Models"/> stays loaded after its last request where the request does not say (<c>keep_alive</c>): 0
    /// unloads it at once, a negative time (the default) keeps it until another one needs the room.
    /// </summary>
    public TimeSpan KeepAlive { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Most bytes that the <see cref="Models"/> on one device may take together, at least 1; null: what is free.</summary>
    public long? MemoryBytes { get; set; }

    /// <summary>How many sessions are kept for each model.</summary>
    public ConversationOptions Sessions { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = new();

    /// <summary>Most bytes of a request's body, 1 … 1 GiB; longer ones are refused (413).</summary>
    public int MaxBodyBytes { get; set; } = 8 << 20;

    /// <summary>Most levels of objects and lists in a body, 4 … 64.</summary>
    public int MaxDepth { get; set; } = 32;

    /// <summary>Most tokens of a prompt, at least 1; null: as many as the model's context takes.</summary>
    public int? MaxPromptTokens { get; set; }

    /// <summary>Most completions of one request (prompts times <c>n</c>), 1 … 128.</summary>
    public int MaxChoices { get; set; } = 128;

    /// <summary>Most texts of one request for embeddings, at least 1.</summary>
    public int MaxInputs { get; set; } = 2048;

    /// <summary>
    /// Where files and batches are kept, for one server at a time; it is created if need be. Null (the default): /v1/files and
    /// /v1/batches are refused, since their work has to survive a restart; /v1/bulk works all the same.
    /// </summary>
    public string? DataFolder { get; set; }

    /// <summary>
    /// Most requests of batches that run at once, 1 … 4,096: enough to fill the engine's batch. Each /v1/bulk runs as many of its own.
    /// </summary>
    public int BulkConcurrency { get; set; } = 64;

    /// <summary>Most bytes of a file, at least 1; longer ones are refused (413).</summary>
    public long MaxFileBytes { get; set; } = 200 << 20;

    /// <summary>
    /// Most requests that are served at one time, those that wait for the engine included, at least 1; more are refused (429). Each may hold a
    /// body of <see cref="MaxBodyBytes"/>.
    /// </summary>
    public int MaxRequests { get; set; } = 1024;

    /// <summary>
    /// The least time between two events of a stream, 0 to 10 s in whole milliseconds: an event then holds what was generated meanwhile. 0 sends
    /// each token by itself. Null (the default): as short as the streams at that moment allow without taking more than about a 25th of
    /// the processors, 100 ms at most. First tokens and ends are sent at once all the same.
    /// </summary>
    public TimeSpan? StreamInterval { get; set; }

    /// <summary>
    /// A file of the API keys that requests need; null: none are needed. A line a key:
    /// <c>NAME sha256:HEX [requests_per_minute=N] [tokens_per_minute=N] [concurrency=N]</c>. It is read when the host starts.
    /// </summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>How long requests may go on when the host is told to stop, before they are cut off; not negative, at most an hour.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A JSON file that is written once the server is ready (<c>url</c>, <c>pid</c>, <c>models</c>, <c>started</c>), and removed when it stops;
    /// null: none.
    /// </summary>
    public string? EndpointFile { get; set; }
}

/// <summary>A model that a server loads when it is wanted.</summary>
public sealed class LlamaEngineServerModel
{
    /// <summary>What requests call it; not empty, no two alike.</summary>
    public string Name { get; set; } = "";

    /// <summary>How to create its engine. Logger and meter factories are the container's where it has none.</summary>
    public EngineOptions Engine { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = new();

    /// <summary>Load it when the host starts, rather than with its first request. The server counts as ready when it is there.</summary>
    public bool LoadAtStart { get; set; }
}
