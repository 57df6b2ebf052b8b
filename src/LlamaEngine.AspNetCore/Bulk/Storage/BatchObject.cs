using System.Collections.Immutable;
using System.Text.Json.Serialization;
using LlamaEngine.AspNetCore.Bulk.Items;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>A batch: what is on the disk, and what the API answers. Times are seconds since 1970.</summary>
internal sealed record BatchObject
{
    /// <summary>What a batch is called in ids.</summary>
    public const string IdPrefix = "batch_";

    /// <summary>The id; ids order by the time of their creation.</summary>
    public required string Id { get; init; }

    /// <summary>What this is, for clients.</summary>
    public string Object { get; init; } = "batch";

    /// <summary>What its requests ask for: the path of an operation.</summary>
    public required string Endpoint { get; init; }

    /// <summary>What is wrong with the input; null: nothing is known.</summary>
    public BatchErrors? Errors { get; init; }

    /// <summary>The requests.</summary>
    public required string InputFileId { get; init; }

    /// <summary>Within what time it is to be done, as the client wrote it.</summary>
    public required string CompletionWindow { get; init; }

    /// <summary><see cref="BatchStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The results that succeeded, once the batch has ended; null: there are none.</summary>
    public string? OutputFileId { get; init; }

    /// <summary>The requests that failed or were not run, once the batch has ended; null: there are none.</summary>
    public string? ErrorFileId { get; init; }

    /// <summary>When it was created.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>When its requests began to be run.</summary>
    public long? InProgressAt { get; init; }

    /// <summary>When what is not done by then expires.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>When its last request had ended.</summary>
    public long? FinalizingAt { get; init; }

    /// <summary>When its results were there.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>When it was found to be wrong.</summary>
    public long? FailedAt { get; init; }

    /// <summary>When its time was up.</summary>
    public long? ExpiredAt { get; init; }

    /// <summary>When somebody asked to cancel it.</summary>
    public long? CancellingAt { get; init; }

    /// <summary>When it was cancelled.</summary>
    public long? CancelledAt { get; init; }

    /// <summary>How far it has come.</summary>
    public RequestCounts RequestCounts { get; init; } = new(0, 0, 0);

    /// <summary>What the client wants to remember; null: nothing.</summary>
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }

    /// <summary>Seconds that the files with results stay after they were created; null: for ever. Not part of OpenAI's reply.</summary>
    public int? OutputExpiresAfter { get; init; }

    /// <summary>Nothing more becomes of it.</summary>
    [JsonIgnore]
    public bool HasEnded => Status is BatchStatus.Failed or BatchStatus.Completed or BatchStatus.Expired or BatchStatus.Cancelled;
}

/// <summary>How far a batch has come.</summary>
/// <param name="Total">Its requests.</param>
/// <param name="Completed">Those that succeeded.</param>
/// <param name="Failed">Those that failed.</param>
internal sealed record RequestCounts(int Total, int Completed, int Failed);

/// <summary>What is wrong with the input of a batch.</summary>
/// <param name="Data">In the order of the lines.</param>
internal sealed record BatchErrors(ImmutableArray<BatchError> Data)
{
    /// <summary>What this is, for clients.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>
/// Where a batch is: validating → in_progress → finalizing → completed or expired; from validating to failed; from the first two to
/// cancelling → cancelled.
/// </summary>
internal static class BatchStatus
{
    /// <summary>Its input is being checked.</summary>
    public const string Validating = "validating";

    /// <summary>Its input is wrong; nothing was run.</summary>
    public const string Failed = "failed";

    /// <summary>Its requests are run, or wait for it.</summary>
    public const string InProgress = "in_progress";

    /// <summary>Its results are put into files.</summary>
    public const string Finalizing = "finalizing";

    /// <summary>Every request has its result.</summary>
    public const string Completed = "completed";

    /// <summary>The time was up; some requests were not run.</summary>
    public const string Expired = "expired";

    /// <summary>It is to be cancelled.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>It was cancelled; some requests were not run.</summary>
    public const string Cancelled = "cancelled";
}
