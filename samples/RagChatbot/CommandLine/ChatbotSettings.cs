using LlamaEngine;

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

    /// <summary>A question to answer on the console instead of serving the page; null: none.</summary>
    public string? Question { get; init; }

    /// <summary>Answer it as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Most passages that are looked for; null: as many as the library likes.</summary>
    public int? TopK { get; init; }
}
