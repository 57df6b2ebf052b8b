namespace RagChatbot.Engines;

/// <summary>Which servers answer, and how they are asked. Immutable.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The environment variable with the key that servers are shown; not OpenAI's, which is none of other servers' business.</summary>
    public const string KeyVariable = "RAGCHATBOT_API_KEY";

    /// <summary>Their addresses, http or https, with or without "/v1".</summary>
    public IReadOnlyList<Uri> Endpoints { get; init; } = [];

    /// <summary>A file with more of them, read again when it changes; null: none.</summary>
    public string? HostsFile { get; init; }

    /// <summary>The model that is asked for; null: the first that a server lists.</summary>
    public string? Model { get; init; }

    /// <summary>What servers are shown as bearer token; null: nothing of worth.</summary>
    public string? ApiKey { get; init; } = Environment.GetEnvironmentVariable(KeyVariable);

    /// <summary>How long connecting may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may be silent, before its first token and between two.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
