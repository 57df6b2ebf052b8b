using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Operations;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>An operation that does what a test says, and notes what was asked.</summary>
internal sealed class FakeOperation(Func<int, CancellationToken, Task<JsonObject>> run) : IOperation
{
    /// <summary>Echoes.</summary>
    public FakeOperation()
        : this((n, _) => Task.FromResult(Echo(n)))
    {
    }

    /// <inheritdoc/>
    public string Path { get; init; } = "/v1/chat/completions";

    /// <summary>The field that errors of the prompt blame.</summary>
    public string? PromptField => "messages";

    /// <summary>The numbers that were asked for, in the order in which they came.</summary>
    public ConcurrentQueue<int> Asked { get; } = new();

    /// <summary>The priorities that were asked for.</summary>
    public ConcurrentDictionary<int, int> Priorities { get; } = new();

    /// <summary>The reply to a number.</summary>
    public static JsonObject Echo(int n) => new()
    {
        ["echo"] = $"Grüße {n}\n😀",
        ["usage"] = new JsonObject { ["prompt_tokens"] = n, ["completion_tokens"] = 2, ["total_tokens"] = n + 2 },
    };

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        int n = (int)body["n"]!;
        Asked.Enqueue(n);
        Priorities[priority] = n;
        return await run(n, cancellation);
    }
}

/// <summary>Answers the first so many requests that come; the others wait until they are cancelled.</summary>
internal sealed class FirstOnly(int count)
{
    private readonly ConcurrentQueue<int> _answered = new();
    private int _come;

    /// <summary>The numbers that were answered, in their order.</summary>
    public int[] Answered => [.. _answered.Order()];

    /// <summary>The other numbers below a count.</summary>
    public IEnumerable<int> Others(int total) => Enumerable.Range(0, total).Except(_answered);

    /// <summary>An operation that works so.</summary>
    public FakeOperation ToOperation() => new(async (n, cancellation) =>
    {
        if (Interlocked.Increment(ref _come) > count)
            await Task.Delay(Timeout.Infinite, cancellation);
        _answered.Enqueue(n);
        return FakeOperation.Echo(n);
    });
}
