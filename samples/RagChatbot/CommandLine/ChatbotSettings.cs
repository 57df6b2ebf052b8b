using LlamaEngine;
using RagChatbot.Engines;

namespace RagChatbot.CommandLine;

/// <summary>What a command line asks for.</summary>
internal sealed record ChatbotSettings
{
    /// <summary>How the engine in this process is created.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>The folder that is asked about; there is one.</summary>
    public required string Documents { get; init; }

    /// <summary>Where index and conversations are kept.</summary>
    public required string Data { get; init; }

    /// <summary>Where the page is served.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>Servers that answer instead of the engine in this process; none: it answers.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>A file that names such servers; null: none.</summary>
    public string? HostsFile { get; init; }

    /// <summary>Whether servers answer; the engine in this process then only makes the vectors.</summary>
    public bool HasServers => Endpoints.Count > 0 || HostsFile is not null;

    /// <summary>The servers, as they are asked.</summary>
    public EndpointOptions Servers => new() { Endpoints = Endpoints, HostsFile = HostsFile };

    /// <summary>What answers, for people.</summary>
    public string ServersName => HostsFile is { } file ? $"servers of {Path.GetFileName(file)}" : string.Join(", ", Endpoints.Select(endpoint => endpoint.Authority));

    /// <summary>A question to answer on the console instead of serving the page; null: none.</summary>
    public string? Question { get; init; }

    /// <summary>Answer it as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Most passages that are looked for; null: as many as the library likes.</summary>
    public int? TopK { get; init; }
}
