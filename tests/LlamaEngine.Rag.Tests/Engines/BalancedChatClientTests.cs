using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using RagChatbot.Engines;

namespace LlamaEngine.Rag.Tests.Engines;

public sealed class BalancedChatClientTests
{
    private static readonly ChatMessage[] Question = [new(ChatRole.User, "Who?")];
    private readonly Clock _clock = new();
    private readonly List<string> _log = [];
    private readonly Dictionary<Uri, Script> _scripts = [];
    private readonly List<Uri> _addresses = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Equals_take_turns()
    {
        BalancedChatClient client = Create("a", "b", "c");
        Assert.Equal("abcabc", await AskAsync(client, 6));
    }

    [Fact]
    public async Task The_least_busy_is_asked()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].Hold = true;
        IAsyncEnumerator<ChatResponseUpdate> held = client.GetStreamingResponseAsync(Question, cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await held.MoveNextAsync());
        Assert.Equal("bbb", await AskAsync(client, 3));

        // Who leaves early is not busy for ever.
        await held.DisposeAsync();
        _scripts[_addresses[0]].Hold = false;
        Assert.Equal("aba", await AskAsync(client, 3));
    }

    [Fact]
    public async Task The_next_is_asked_where_one_fails_before_its_first_token()
    {
        BalancedChatClient client = Create("a", "b", "c");
        _scripts[_addresses[0]].Failure = Temporary("a is down.");
        _scripts[_addresses[1]].Failure = Temporary("b is down.");
        Assert.Equal("c", await AskAsync(client, 1));
        Assert.Equal(["a is down.", "b is down."], _log);
        Assert.Equal("ccc", await AskAsync(client, 3));
        Assert.Equal((1, 1, 4), (Asked(0), Asked(1), Asked(2)));
    }

    [Fact]
    public async Task A_server_rests_longer_each_time_and_is_tried_again()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].Failure = Temporary("down");
        Assert.Equal("b", await AskAsync(client, 1));
        double[] rests = [1, 2, 4, 8, 16, 32, 60, 60];
        for (int i = 0; i < rests.Length; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(rests[i]) - TimeSpan.FromTicks(1));
            Assert.Equal("bb", await AskAsync(client, 2));
            Assert.Equal(i + 1, Asked(0));
            _clock.Advance(TimeSpan.FromTicks(1));
            Assert.Equal("bb", await AskAsync(client, 2));
            Assert.Equal(i + 2, Asked(0));
        }
        _scripts[_addresses[0]].Failure = null;
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("abab", await AskAsync(client, 4));

        // After an answer it starts from the shortest rest.
        _scripts[_addresses[0]].Failure = Temporary("down");
        await AskAsync(client, 2);
        _scripts[_addresses[0]].Failure = null;
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains('a', await AskAsync(client, 2));
    }

    [Fact]
    public async Task One_request_tries_a_server_that_failed()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].Failure = Temporary("down");
        await AskAsync(client, 1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        (_scripts[_addresses[0]].Failure, _scripts[_addresses[0]].Silent) = (null, true);
        await using IAsyncEnumerator<ChatResponseUpdate> probe = client.GetStreamingResponseAsync(Question, cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        ValueTask<bool> first = probe.MoveNextAsync();
        Assert.Equal("bbb", await AskAsync(client, 3));
        Assert.Equal(2, Asked(0));
        _scripts[_addresses[0]].Go.Writer.TryWrite(true);
        Assert.True(await first);
    }

    [Fact]
    public async Task Where_all_rest_they_are_asked_all_the_same_and_the_error_names_each()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].Failure = Temporary("a is down.");
        _scripts[_addresses[1]].Failure = Temporary("b is down.");
        for (int i = 1; i <= 2; i++)
        {
            EndpointException exception = await Assert.ThrowsAsync<EndpointException>(() => AskAsync(client, 1));
            Assert.Equal("No server answers. a is down. b is down.", exception.Message);
            Assert.Equal((i, i), (Asked(0), Asked(1)));
        }
        _scripts[_addresses[1]].Failure = null;
        Assert.Equal("b", await AskAsync(client, 1));
    }

    [Fact]
    public async Task A_refusal_of_the_request_itself_goes_to_the_caller()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].Failure = new EndpointException("Bad request.", isTemporary: false);
        Assert.Equal("Bad request.", (await Assert.ThrowsAsync<EndpointException>(() => AskAsync(client, 1))).Message);
        Assert.Equal((1, 0), (Asked(0), Asked(1)));
        _scripts[_addresses[0]].Failure = null;
        Assert.Equal("ba", await AskAsync(client, 2));
    }

    [Fact]
    public async Task After_the_first_token_an_error_goes_to_the_caller()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].LateFailure = Temporary("Broken.");
        List<string> seen = [];
        EndpointException exception = await Assert.ThrowsAsync<EndpointException>(async () =>
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Question, cancellationToken: Cancellation))
                seen.Add(update.Text);
        });
        Assert.Equal(("Broken.", "a"), (exception.Message, string.Concat(seen)));
        Assert.Equal(0, Asked(1));
        Assert.Equal("bb", await AskAsync(client, 2));
    }

    [Fact]
    public async Task Servers_come_and_go()
    {
        BalancedChatClient client = Create("a");
        Assert.Equal("a", await AskAsync(client, 1));
        Add("b");
        Assert.Equal("bab", await AskAsync(client, 3));
        _addresses.RemoveAt(0);
        Assert.Equal("bb", await AskAsync(client, 2));
        _addresses.Clear();
        Assert.Contains("No server", (await Assert.ThrowsAsync<EndpointException>(() => AskAsync(client, 1))).Message);
    }

    [Fact]
    public async Task Cancelling_asks_nobody_else()
    {
        BalancedChatClient client = Create("a", "b");
        _scripts[_addresses[0]].Silent = true;
        using CancellationTokenSource cancellation = new();
        Task<ChatResponse> response = client.GetResponseAsync(Question, cancellationToken: cancellation.Token);
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => response);
        Assert.Equal((1, 0), (Asked(0), Asked(1)));
        Assert.Empty(_log);
    }

    [Fact]
    public async Task Many_at_once_are_spread_evenly_and_nobody_is_lost()
    {
        BalancedChatClient client = Create("a", "b", "c");
        _scripts[_addresses[2]].Failure = Temporary("down");
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => AskAsync(client, 100))));
        string all = string.Concat(answers);
        Assert.Equal(800, all.Length);
        Assert.Equal(800, Asked(0) + Asked(1));

        // Nothing is outstanding any more: the two take turns.
        Assert.Contains(await AskAsync(client, 4), (string[])["abab", "baba"]);
    }

    private static EndpointException Temporary(string message) => new(message, isTemporary: true);

    private int Asked(int i) => _scripts.Values.ElementAt(i).Asked;

    private BalancedChatClient Create(params string[] names)
    {
        foreach (string name in names)
            Add(name);
        return new BalancedChatClient(() => [.. _addresses], address => _scripts[address], _clock, line =>
        {
            lock (_log)
                _log.Add(line);
        });
    }

    private void Add(string name)
    {
        Uri address = new($"http://{name}/v1");
        _addresses.Add(address);
        _scripts.Add(address, new Script(name));
    }

    private static async Task<string> AskAsync(BalancedChatClient client, int times)
    {
        string all = "";
        for (int i = 0; i < times; i++)
            all += (await client.GetResponseAsync(Question, cancellationToken: Cancellation)).Text;
        return all;
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan time) => _now += time;
    }

    /// <summary>Says its name, or what a test wants.</summary>
    private sealed class Script(string name) : IChatClient
    {
        private int _asked;

        public int Asked => _asked;

        public Exception? Failure { get; set; }

        public Exception? LateFailure { get; set; }

        /// <summary>Says nothing before <see cref="Go"/>.</summary>
        public bool Silent { get; set; }

        /// <summary>Does not end after its name.</summary>
        public bool Hold { get; set; }

        public Channel<bool> Go { get; } = Channel.CreateUnbounded<bool>();

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException("The balancer streams.");

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _asked);
            await Task.Yield();
            if (Failure is { } failure)
                throw failure;
            yield return new ChatResponseUpdate(ChatRole.Assistant, "");
            if (Silent)
                await Go.Reader.ReadAsync(cancellationToken);
            yield return new ChatResponseUpdate(ChatRole.Assistant, name);
            if (LateFailure is { } late)
                throw late;
            if (Hold)
                await Go.Reader.ReadAsync(cancellationToken);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
