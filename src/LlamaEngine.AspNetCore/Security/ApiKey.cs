using System.Collections.Immutable;

namespace LlamaEngine.AspNetCore.Security;

/// <summary>What may be done with one key. The key itself is not known, only its hash.</summary>
/// <param name="Name">Whose it is: for logs and limits.</param>
/// <param name="Hash">SHA-256 of the key's UTF-8 bytes. Keys are random and long, so nothing slower is needed.</param>
internal sealed record ApiKey(string Name, ImmutableArray<byte> Hash)
{
    /// <summary>Requests that may begin in a minute; null: any number.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens (prompt and completion) that requests may take in a minute; null: any number.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Requests at one time; null: any number.</summary>
    public int? Concurrency { get; init; }
}
