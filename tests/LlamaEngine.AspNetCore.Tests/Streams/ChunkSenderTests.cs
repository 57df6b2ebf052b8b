using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Replies;
using LlamaEngine.Scheduling;
using LlamaEngine.Tools;

namespace LlamaEngine.AspNetCore.Tests.Streams;

/// <summary>What goes out together, and as how many pieces, where a test decides what is there at one time.</summary>
public sealed class ChunkSenderTests
{
    private static readonly ReplyHead s_head = new("id", "kind", 0, "model", "fingerprint");

    private readonly Channel<CompletionUpdate> _generated = Channel.CreateUnbounded<CompletionUpdate>();
    private readonly Events _events = new();
    private readonly TaskCompletionSource _givenBack = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_there_at_one_time_is_one_piece()
    {
        Generate(Step("a"));
        Task sending = SendAsync(new TextChunks(s_head, 1, 1, false, null));
        await _events.WaitForAsync(1);
        Generate(Step("b"), Step("c"), Step(""), End("d"));
        await sending;
        Assert.Equal([["a"], ["bcd"]], _events.Texts);
        Assert.Equal("stop", (string?)_events.Sent[1][0]["choices"]![0]!["finish_reason"]);
        Assert.Null((string?)_events.Sent[0][0]["choices"]![0]!["finish_reason"]);
        Assert.Equal(5 + 7, _events.Tokens);
        Assert.True(_givenBack.Task.IsCompleted);
    }

    [Fact]
    public async Task What_comes_while_the_client_does_not_read_goes_out_as_one_when_it_does()
    {
        TaskCompletionSource held = _events.Hold();
        Generate(Step("a"));
        Task sending = SendAsync(new TextChunks(s_head, 1, 1, false, null));
        await _events.WaitForAsync(1);
        Generate(Step("b"), Step("c"));
        Generate(End("d"));
        await _givenBack.Task.WaitAsync(Token);
        held.SetResult();
        await sending;
        Assert.Equal([["a"], ["bcd"]], _events.Texts);
    }

    [Fact]
    public async Task Choices_have_pieces_of_their_own_which_go_out_together()
    {
        Generate(Step("a"), Step("x", 1), Step("b"), Step("y", 1), End("z", 1), End("c"));
        await SendAsync(new TextChunks(s_head, 2, 2, false, null));
        Assert.Equal([["abc", "xyz"]], _events.Texts);
        Assert.Equal([0, 1], _events.Sent[0].Select(piece => (int)piece["choices"]![0]!["index"]!));
    }

    [Fact]
    public async Task A_chat_has_role_text_and_end_apart_and_calls_by_themselves()
    {
        var call = new ToolCall("call_1", "f", JsonElement.Parse("{}"));
        ChatUpdate[] steps =
        [
            Chat(Step("a"), Text("a")), Chat(Step("")), Chat(Step("b"), Text("b")), Chat(Step("?"), Text("c"), new ReplyPart("", call)),
            Chat(Step("d"), Text("d")), Chat(End("e"), Text("e")),
        ];
        var sender = new ChunkSender<ChatUpdate>(_events, new ChatChunks(s_head, 1, false, null), new Lease(_givenBack), includesUsage: false);
        await sender.SendAsync(_ => steps.ToAsyncEnumerable(), Token);
        Assert.Equal(
            ["""{"role":"assistant","content":""}""", """{"content":"ab"}""", """{"content":"c"}""", "call_1", """{"content":"de"}""", "{}"],
            Assert.Single(_events.Sent).Select(piece => piece["choices"]![0]!["delta"]!)
                .Select(delta => (string?)delta["tool_calls"]?[0]!["id"] ?? delta.ToJsonString()));
        Assert.Equal("stop", (string?)_events.Sent[0][^1]["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task What_was_generated_before_a_failure_is_sent_before_it_is_thrown()
    {
        Generate(Step("a"), Step("b"));
        _generated.Writer.Complete(new TimeoutException("late"));
        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => SendAsync(new TextChunks(s_head, 1, 1, false, null)));
        Assert.Equal("late", thrown.Message);
        Assert.Equal([["ab"]], _events.Texts);
        Assert.True(_givenBack.Task.IsCompleted);
    }

    [Fact]
    public async Task A_generation_that_is_always_ahead_does_not_keep_its_text_from_the_client()
    {
        const int Steps = 600, MostTogether = 256;
        Generate([.. Enumerable.Range(0, Steps).Select(_ => Step("x")), End("")]);
        await SendAsync(new TextChunks(s_head, 1, 1, false, null));
        Assert.Equal([MostTogether, MostTogether, Steps - 2 * MostTogether], _events.Texts.Select(texts => Assert.Single(texts).Length));
    }

    private static CompletionUpdate Step(string text, int choice = 0) => new() { Text = text, ChoiceIndex = choice, TokenId = 1 };

    private static CompletionUpdate End(string text, int choice = 0) => Step(text, choice) with
    {
        FinishReason = FinishReason.Stop,
        Usage = new TokenUsage(7, 5, 0),
    };

    private static ReplyPart Text(string text) => new(text, null);

    private static ChatUpdate Chat(CompletionUpdate update, params ImmutableArray<ReplyPart> parts) => new(update, parts, CallsTools: false);

    private void Generate(params ImmutableArray<CompletionUpdate> steps)
    {
        foreach (CompletionUpdate step in steps)
            Assert.True(_generated.Writer.TryWrite(step));
        if (steps[^1] is { FinishReason: not FinishReason.None })
            _generated.Writer.Complete();
    }

    private Task SendAsync(TextChunks chunks) =>
        new ChunkSender<CompletionUpdate>(_events, chunks, new Lease(_givenBack), includesUsage: false).SendAsync(token => _generated.Reader.ReadAllAsync(token), Token);

    /// <summary>Keeps what is sent, and says when.</summary>
    private sealed class Events : IEventWriter
    {
        private readonly List<(MemoryStream Stream, Utf8JsonWriter Json)> _pieces = [];
        private readonly Channel<int> _sends = Channel.CreateUnbounded<int>();
        private TaskCompletionSource? _held;

        public UpdatePace Pace { get; } = new();

        public List<JsonNode[]> Sent { get; } = [];

        public int Tokens { get; private set; }

        public IEnumerable<string[]> Texts => Sent.Select(pieces => Array.ConvertAll(pieces, piece => (string)piece["choices"]![0]!["text"]!));

        public TaskCompletionSource Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> WaitForAsync(int sends) => _sends.Reader.ReadAllAsync(Token).Take(sends).CountAsync(Token).AsTask();

        public Utf8JsonWriter Begin()
        {
            var stream = new MemoryStream();
            _pieces.Add((stream, new Utf8JsonWriter(stream)));
            return _pieces[^1].Json;
        }

        public ValueTask SendAsync(CancellationToken cancellation)
        {
            if (_pieces.Count == 0)
                return ValueTask.CompletedTask;
            _pieces.ForEach(piece => piece.Json.Dispose());
            Sent.Add([.. _pieces.Select(piece => JsonNode.Parse(piece.Stream.ToArray())!)]);
            _pieces.Clear();
            _sends.Writer.TryWrite(0);
            TaskCompletionSource? held = _held;
            _held = null;
            return held is null ? ValueTask.CompletedTask : new ValueTask(held.Task);
        }

        public void Note(int tokens) => Tokens += tokens;
    }

    private sealed class Lease(TaskCompletionSource givenBack) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            givenBack.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }
}
