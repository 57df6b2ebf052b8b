using System.Text.Json;
using LlamaEngine.Clients;
using LlamaEngine.Sampling;
using LlamaEngine.Tests.Engine;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Tools;

/// <summary>From the tools of a request to calls, their results, and the answer. The model's words are forced.</summary>
public sealed class ToolClientTests
{
    private static readonly AIFunction s_weather = AIFunctionFactory.Create((string city) => $"21.5 in {city}", "weather", "Tells the weather.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ToolModel.Llama, "{\"name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}", "")]
    [InlineData(ToolModel.Hermes, "I look. <tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}</tool_call>", "I look.")]
    [InlineData(ToolModel.Mistral, "[TOOL_CALLS][{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}]", "")]
    public async Task A_call_its_result_and_the_answer(string template, string said, string text)
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(template);
        using LlamaChatClient client = engine.AsChatClient();
        List<ChatMessage> messages = [new(ChatRole.User, "Weather in Bern?")];
        var first = new Script(engine, said);
        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync(messages, first.Options(s_weather), Token).ToListAsync(Token);
        ChatResponse response = updates.ToChatResponse();

        Assert.Contains("Tells the weather.", first.Prompt, StringComparison.Ordinal);
        Assert.Contains("\"city\": {\"type\": \"string\"}", first.Prompt, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal(text, response.Text);
        Assert.Equal(first.Length, response.Usage!.OutputTokenCount);
        ChatMessage reply = Assert.Single(response.Messages);
        FunctionCallContent call = Assert.Single(reply.Contents.OfType<FunctionCallContent>());
        Assert.Equal("weather", call.Name);
        Assert.Equal("Bern", Assert.IsType<JsonElement>(call.Arguments!["city"]).GetString());
        Assert.All(updates[..^2], update => Assert.Null(update.FinishReason));

        object? result = await s_weather.InvokeAsync(new AIFunctionArguments(call.Arguments), Token);
        messages.AddRange([reply, new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, result)])]);
        var second = new Script(engine, "It is 21.5.");
        ChatResponse answer = await client.GetResponseAsync(messages, second.Options(s_weather), Token);
        Assert.Equal(("It is 21.5.", ChatFinishReason.Stop), (answer.Text, answer.FinishReason));
        Assert.Contains("{\"city\": \"Bern\"}", second.Prompt, StringComparison.Ordinal);
        Assert.Contains("21.5 in Bern", second.Prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("21.5 in Bern", first.Prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_calls_come_in_one_reply_unless_one_is_allowed()
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Llama);
        using LlamaChatClient client = engine.AsChatClient();
        var script = new Script(
            engine, "{\"name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}; {\"name\": \"weather\", \"parameters\": {\"city\": \"Chur\"}}");
        ChatResponse both = await client.GetResponseAsync("Bern and Chur?", script.Options(s_weather), Token);
        Assert.Equal(["Bern", "Chur"], both.Messages[0].Contents.Cast<FunctionCallContent>().Select(call => call.Arguments!["city"]!.ToString()));
        Assert.Equal(2, both.Messages[0].Contents.Cast<FunctionCallContent>().DistinctBy(call => call.CallId).Count());
        ChatOptions single = script.Options(s_weather);
        single.AllowMultipleToolCalls = false;
        ChatResponse one = await client.GetResponseAsync("Bern and Chur?", single, Token);
        Assert.Equal("Bern", Assert.Single(one.Messages[0].Contents.Cast<FunctionCallContent>()).Arguments!["city"]!.ToString());
    }

    [Fact]
    public async Task Middleware_that_runs_functions_fits_around_it()
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Hermes);
        var scripts = new Queue<Script>(
        [
            new(engine, "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}</tool_call><tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Chur\"}}</tool_call>"),
            new(engine, "Warm in both."),
        ]);
        Script last = scripts.Last();
        using var client = new FunctionRunner(engine.AsChatClient(), scripts);
        ChatResponse response = await client.GetResponseAsync("Bern and Chur?", new ChatOptions { Tools = [s_weather] }, Token);
        Assert.Equal("Warm in both.", response.Text);
        Assert.Contains("21.5 in Bern", last.Prompt, StringComparison.Ordinal);
        Assert.Contains("21.5 in Chur", last.Prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conversation_by_id_remembers_calls()
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Mistral);
        using LlamaChatClient client = engine.AsChatClient();
        ChatOptions options = new Script(engine, "[TOOL_CALLS][{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}]").Options(s_weather);
        options.ConversationId = "one";
        ChatResponse asked = await client.GetResponseAsync("Weather in Bern?", options, Token);
        string id = asked.Messages[0].Contents.OfType<FunctionCallContent>().Single().CallId;
        var script = new Script(engine, "Warm.");
        options = script.Options(s_weather);
        options.ConversationId = "one";
        ChatResponse answer = await client.GetResponseAsync(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(id, 21.5)]), options, Token);
        Assert.Equal("Warm.", answer.Text);
        Assert.Contains($"[TOOL_CALLS][{{\"name\": \"weather\", \"arguments\": {{\"city\": \"Bern\"}}, \"id\": \"{id}\"}}][TOOL_RESULTS]{{\"content\": 21.5, \"call_id\": \"{id}\"}}", script.Prompt, StringComparison.Ordinal);
        Assert.True(answer.Usage!.CachedInputTokenCount > 0);
    }

    [Fact]
    public async Task Without_tools_to_call_what_looks_like_a_call_is_text()
    {
        const string Said = "<tool_call>{\"name\": \"weather\", \"arguments\": {}}</tool_call>";
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Hermes);
        using LlamaChatClient client = engine.AsChatClient();
        var script = new Script(engine, Said);
        ChatOptions none = script.Options(s_weather);
        none.ToolMode = ChatToolMode.None;
        ChatResponse response = await client.GetResponseAsync("Weather?", none, Token);
        Assert.Equal((Said, ChatFinishReason.Stop), (response.Text, response.FinishReason));
        Assert.DoesNotContain("Tells the weather.", script.Prompt, StringComparison.Ordinal);
        Assert.Equal(Said, (await client.GetResponseAsync("Weather?", new Script(engine, Said).Options(), Token)).Text);
    }

    [Fact]
    public async Task A_reply_that_is_cut_off_is_text_and_says_so()
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Llama);
        using LlamaChatClient client = engine.AsChatClient();
        ChatOptions options = new Script(engine, "{\"name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}").Options(s_weather);
        options.MaxOutputTokens = 4;
        ChatResponse response = await client.GetResponseAsync("Weather?", options, Token);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.StartsWith(response.Text, "{\"name\": \"weather\"", StringComparison.Ordinal);
        Assert.NotEmpty(response.Text);
    }

    [Fact]
    public async Task Without_the_client_a_prompt_takes_tools_and_a_parser_finds_the_calls()
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Llama);
        ToolDefinition[] tools = [new("weather", "Tells the weather.")];
        var script = new Script(engine, "{\"name\": \"weather\", \"parameters\": {}}");
        Prompt prompt = Prompt.FromMessages([new ChatMessage(ChatRole.User, "Weather?")], tools);
        Completion completion = await engine.CompleteAsync(prompt, script.Generation, Token);
        ToolCallParser parser = engine.CreateToolCallParser(prompt);
        ToolCall? call = Assert.Single([.. parser.Append(completion.Text), .. parser.Flush()]).Call;
        Assert.Equal(("weather", "{}"), (call!.Name, call.Arguments.GetRawText()));
        Assert.Contains("Tells the weather.", script.Prompt, StringComparison.Ordinal);
        Assert.True(engine.SupportsTools);
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_by_name()
    {
        await using InferenceEngine engine = ToolModel.CreateEngine(ToolModel.Llama);
        using LlamaChatClient client = engine.AsChatClient();
        await RefusesAsync<NotSupportedException>("ResponseFormat", new() { Tools = [s_weather], ResponseFormat = ChatResponseFormat.Json });
        await RefusesAsync<NotSupportedException>("ChatOptions.ToolMode", new() { ToolMode = ChatToolMode.RequireAny });
        await RefusesAsync<ArgumentException>("'wind'", new() { Tools = [s_weather], ToolMode = ChatToolMode.RequireSpecific("wind") });
        await RefusesAsync<NotSupportedException>("HostedWebSearchTool", new() { Tools = [new HostedWebSearchTool()] });
        await RefusesAsync<NotSupportedException>("AllowMultipleToolCalls", new() { AllowMultipleToolCalls = true });
        await RefusesAsync<ArgumentException>("same name", new() { Tools = [s_weather, s_weather] });
        ChatMessage[] wrong = [new(ChatRole.User, [new FunctionCallContent("1", "f")]), new(ChatRole.User, [new FunctionResultContent("1", "r")])];
        foreach (ChatMessage message in wrong)
        {
            var refusal = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync(message, null, Token));
            Assert.Contains($"{message.Contents[0].GetType().Name} of 'user'", refusal.Message, StringComparison.Ordinal);
        }

        async Task RefusesAsync<TException>(string what, ChatOptions options)
            where TException : Exception
        {
            var refusal = await Assert.ThrowsAsync<TException>(() => client.GetResponseAsync("Weather?", options, Token));
            Assert.Contains(what, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_model_without_tools_refuses_them()
    {
        await using InferenceEngine engine = InferenceEngine.Create(LexiconSlice.Path);
        using LlamaChatClient client = engine.AsChatClient();
        Assert.False(engine.SupportsTools);
        var refusal = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("Weather?", new ChatOptions { Tools = [s_weather] }, Token));
        Assert.Contains("ChatOptions.Tools", refusal.Message, StringComparison.Ordinal);
        ChatMessage call = new(ChatRole.Assistant, [new FunctionCallContent("1", "weather")]);
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([call], null, Token));
        Assert.Throws<NotSupportedException>(() => engine.CreateToolCallParser(Prompt.FromMessages([call], [new ToolDefinition("f")])));
        Assert.Throws<NotSupportedException>(() => { engine.GenerateAsync(Prompt.FromMessages([new(ChatRole.User, "a")], [new ToolDefinition("f")]), null, Token); });
    }

    /// <summary>Forces a reply, and keeps the prompt that it was to answer.</summary>
    private sealed class Script : ILogitProcessor
    {
        private readonly InferenceEngine _engine;
        private readonly ForcedReply _reply;
        private int[] _prompt = [];

        public Script(InferenceEngine engine, string said)
        {
            _engine = engine;
            _reply = ForcedReply.Of(engine, said);
            Length = engine.Tokenizer.Encode(said).Length + 1;
        }

        /// <summary>Tokens of the reply, with the end.</summary>
        public int Length { get; }

        /// <summary>The prompt as text.</summary>
        public string Prompt => _engine.Tokenizer.Decode(_prompt);

        public GenerationOptions Generation => new() { LogitProcessors = [this] };

        public ChatOptions Options(params AITool[] tools) => new() { Tools = tools, RawRepresentationFactory = _ => Generation };

        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
            _prompt = tokens[..promptLength].ToArray();
            _reply.Process(tokens, promptLength, logits);
        }
    }

    /// <summary>Runs the functions that the model calls until it answers, as middleware does.</summary>
    private sealed class FunctionRunner(IChatClient inner, Queue<Script> scripts) : DelegatingChatClient(inner)
    {
        public override async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            List<ChatMessage> chat = [.. messages];
            while (true)
            {
                Script script = scripts.Dequeue();
                ChatOptions own = options!.Clone();
                own.RawRepresentationFactory = _ => script.Generation;
                ChatResponse response = await base.GetResponseAsync(chat, own, cancellationToken);
                FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
                if (calls.Length == 0)
                    return response;
                chat.AddRange(response.Messages);
                foreach (FunctionCallContent call in calls)
                {
                    var function = (AIFunction)own.Tools!.Single(tool => tool.Name == call.Name);
                    object? result = await function.InvokeAsync(new AIFunctionArguments(call.Arguments), cancellationToken);
                    chat.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, result)]));
                }
            }
        }
    }
}
