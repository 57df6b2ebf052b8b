namespace LlamaEngine.Cli.Serving;

/// <summary>What the requests of a load test look like.</summary>
internal sealed record Workload
{
    /// <summary>Tokens of a prompt.</summary>
    public required ValueRange Prompt { get; init; }

    /// <summary>Tokens to generate.</summary>
    public required ValueRange Generated { get; init; }

    /// <summary>So many first tokens are the same in all prompts; a prompt that is no longer consists of nothing else.</summary>
    public int SharedPrefix { get; init; }

    /// <summary>When requests come.</summary>
    public ArrivalProcess Arrival { get; init; }

    /// <summary>Of every second request; the others are greedy.</summary>
    public float Temperature { get; init; }

    /// <summary>The share of the requests that are withdrawn, 0 … 1.</summary>
    public double CancelledShare { get; init; }

    /// <summary>Compare every request with the same one run alone.</summary>
    public bool Verify { get; init; }

    /// <summary>Fixes prompts, lengths, arrivals and draws.</summary>
    public int Seed { get; init; }

    /// <summary>Most positions a request can take.</summary>
    public int MaxLength => Prompt.Most + Generated.Most;
}
