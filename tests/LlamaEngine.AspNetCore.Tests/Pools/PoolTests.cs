using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Contexts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LlamaEngine.AspNetCore.Tests.Pools;

/// <summary>Several models by name: loaded when they are wanted, unloaded for another, or when their time is over.</summary>
public sealed class PoolTests
{
    private const string Path = "/v1/chat/completions";

    /// <summary>Bytes that one engine takes, as the pool itself says.</summary>
    private static readonly Lazy<Task<long>> s_size = new(async () =>
    {
        await using var pool = new ContextPool();
        pool.Add("a", Engine);
        await using (await pool.RentAsync("a"))
            return pool.Statistics.LoadedBytes;
    });

    private static EngineOptions Engine => new() { ModelPath = TestServer.Lexicon, KvCacheTokens = 512 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_models_take_turns_where_there_is_room_for_one()
    {
        await using TestServer server = await StartAsync(await s_size.Value * 3 / 2);
        Assert.Equal(default, Statistics(server));
        foreach (string name in new[] { "a", "b", "b", "a" })
        {
            Reply reply = await server.PostAsync(Path, Chat(name));
            Assert.Equal((200, name), (reply.Status, (string?)reply.Json["model"]));
            Assert.Equal(await s_size.Value, Statistics(server).LoadedBytes);
        }
        Assert.Equal((3, 1, 2), (Statistics(server).Loads, Statistics(server).Hits, Statistics(server).Evictions));
        Assert.Equal("a", (string?)(await server.PostAsync(Path, """{"messages": [{"role": "user", "content": "river"}]}""")).Json["model"]);
    }

    [Fact]
    public async Task Requests_of_two_models_at_once_are_all_answered_with_room_for_one()
    {
        await using TestServer server = await StartAsync(await s_size.Value * 3 / 2);
        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => server.PostAsync(Path, Chat(i % 2 == 0 ? "a" : "b"))));
        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Single(replies.Select(reply => (string)reply.Json["choices"]![0]!["message"]!["content"]!).Distinct());
    }

    [Fact]
    public async Task A_model_stays_as_long_as_the_request_says()
    {
        var clock = new TimerClock();
        await using TestServer server = await StartAsync(null, clock);
        long size = await s_size.Value;
        Assert.Equal(200, (await server.PostAsync(Path, Chat("a"))).Status);
        Assert.Equal((size, 0), (Statistics(server).LoadedBytes, clock.Pending.Count)); // as configured: for ever
        Assert.Equal(200, (await server.PostAsync(Path, Chat("a", "\"1h30m\""))).Status);
        TimerClock.Timer old = Assert.Single(clock.Pending);
        Assert.Equal(TimeSpan.FromMinutes(90), old.Due);
        Assert.Equal(200, (await server.PostAsync(Path, Chat("a", "300"))).Status);
        TimerClock.Timer timer = Assert.Single(clock.Pending);
        Assert.Equal((TimeSpan.FromMinutes(5), true), (timer.Due, old.IsDisposed));
        timer.GoOff();
        await UntilLoadedAsync(server, 0);
        Assert.Equal(200, (await server.PostAsync(Path, Chat("b", "0"))).Status);
        await UntilLoadedAsync(server, 0);
        Assert.Equal(0, Statistics(server).Evictions); // nobody needed the room
        Assert.Equal(200, (await server.PostAsync(Path, Chat("b", "-1"))).Status);
        Assert.Equal((size, 0), (Statistics(server).LoadedBytes, clock.Pending.Count(one => one != timer)));
    }

    [Fact]
    public async Task A_timer_that_goes_off_during_a_request_leaves_its_model_alone()
    {
        var clock = new TimerClock();
        await using TestServer server = await StartAsync(null, clock);
        Assert.Equal(200, (await server.PostAsync(Path, Chat("a", "60"))).Status);
        TimerClock.Timer timer = Assert.Single(clock.Pending);
        await using (ModelLease lease = await server.Services.GetRequiredService<IModelCatalog>().RentAsync("a", null, Token))
        {
            timer.GoOff();
            Assert.NotEmpty((await lease.Engine.CompleteAsync(Prompt.FromUser("river"), new GenerationOptions { MaxTokens = 2 }, Token)).Tokens);
        }
        Assert.Equal(1, Statistics(server).Loads);
    }

    [Fact]
    public async Task The_configured_time_holds_where_a_request_says_nothing()
    {
        var clock = new TimerClock();
        await using TestServer server = await StartAsync(null, clock, options => options.KeepAlive = TimeSpan.FromSeconds(7));
        Assert.Equal(200, (await server.PostAsync("/v1/embeddings", """{"model": "a", "input": "river"}""")).Status);
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(clock.Pending).Due);
    }

    [Fact]
    public async Task A_session_outlives_its_model()
    {
        await using TestServer server = await StartAsync(await s_size.Value * 3 / 2);
        await using InferenceEngine engine = InferenceEngine.Create(Engine);
        using ChatSession chat = engine.StartChat();
        foreach (string text in new[] { "river", "lake", "sea" })
        {
            string expected = "";
            await foreach (CompletionUpdate update in chat.SendAsync(text, new GenerationOptions { Temperature = 0, MaxTokens = 16 }, Token))
                expected += update.Text;
            Reply reply = await server.PostAsync(Path, $$"""
                {"model": "a", "messages": [{"role": "user", "content": "{{text}}"}], "temperature": 0, "max_tokens": 16, "session_id": "s"}
                """);
            Assert.Equal(expected, (string)reply.Json["choices"]![0]!["message"]!["content"]!);
            Assert.Equal(200, (await server.PostAsync(Path, Chat("b"))).Status);
        }
        Assert.Equal(5, Statistics(server).Evictions);
    }

    [Fact]
    public async Task What_is_to_be_there_from_the_start_is_loaded_and_makes_the_server_ready()
    {
        await using TestServer server = await StartAsync(null, configure: options => options.Models[1].LoadAtStart = true);
        var catalog = server.Services.GetRequiredService<IModelCatalog>();
        while (!catalog.IsReady)
            await Task.Delay(1, Token);
        Assert.Equal((1, await s_size.Value), (Statistics(server).Loads, Statistics(server).LoadedBytes));
        Assert.Equal(200, (await server.PostAsync(Path, Chat("b"))).Status);
        Assert.Equal((1, 1), (Statistics(server).Loads, Statistics(server).Hits));
    }

    [Fact]
    public async Task Models_are_listed_in_order_and_got_by_name_without_being_loaded()
    {
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            services.AddKeyedLlamaEngine("keyed/one", options => (options.ModelPath, options.LoadAtStart) = (TestServer.Lexicon, false));
            services.AddLlamaEngine(options => (options.ModelPath, options.LoadAtStart) = (TestServer.Lexicon, false));
            services.AddLlamaEngineServer(options => options.Models.Add(new() { Name = "pooled", Engine = Engine }));
        });
        using HttpResponseMessage response = await server.Http.GetAsync(new Uri("/v1/models", UriKind.Relative), Token);
        Reply list = await Reply.ReadAsync(response);
        string[] names = ["keyed/one", TestServer.Model, "pooled"];
        Assert.Equal("list", (string?)list.Json["object"]);
        Assert.Equal(names, list.Json["data"]!.AsArray().Select(model => (string)model!["id"]!));
        foreach (string name in names)
        {
            using HttpResponseMessage one = await server.Http.GetAsync(new Uri($"/v1/models/{name}", UriKind.Relative), Token);
            JsonNode model = (await Reply.ReadAsync(one)).Json;
            Assert.Equal((name, "model", "llama-engine"), ((string)model["id"]!, (string)model["object"]!, (string)model["owned_by"]!));
        }
        using HttpResponseMessage unknown = await server.Http.GetAsync(new Uri("/v1/models/other", UriKind.Relative), Token);
        Assert.Equal((404, "model_not_found"), ((int)unknown.StatusCode, (await Reply.ReadAsync(unknown)).Code));
        Assert.Equal(0, Statistics(server).Loads);
        foreach (string name in names)
            Assert.Equal(200, (await server.PostAsync(Path, Chat(name))).Status);
        Assert.Equal(1, Statistics(server).Loads);
    }

    [Fact]
    public async Task Bad_options_end_the_start_of_the_host_by_name()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestServer.StartAsync(services =>
        {
            services.AddKeyedLlamaEngine("a", options => (options.ModelPath, options.LoadAtStart) = (TestServer.Lexicon, false));
            services.AddLlamaEngineServer(options =>
            {
                (options.MaxBodyBytes, options.MaxDepth, options.MaxChoices, options.MaxInputs, options.MaxPromptTokens) = (0, 3, 129, 0, 0);
                (options.MemoryBytes, options.KeepAlive) = (0, TimeSpan.FromDays(31));
                options.Sessions = new() { MaxConversations = 0 };
                options.Models.Add(new() { Name = "a", Engine = Engine });
                options.Models.Add(new() { Name = " ", Engine = Engine with { MaxSequences = 0 } });
            });
        }));
        string[] members =
        [
            "MaxBodyBytes", "MaxDepth", "MaxChoices", "MaxInputs", "MaxPromptTokens", "MemoryBytes", "KeepAlive", "Sessions.MaxConversations",
            "Models[0].Name", "Models[1].Name", "Models[1].Engine.MaxSequences",
        ];
        Assert.All(members, member => Assert.Contains($"LlamaEngineServerOptions.{member}", error.Message, StringComparison.Ordinal));
    }

    private static string Chat(string model, string? keepAlive = null) => $$"""
        {"model": "{{model}}", "messages": [{"role": "user", "content": "river"}], "temperature": 0, "max_tokens": 8, "keep_alive": {{keepAlive ?? "null"}}}
        """;

    private static ContextPoolStatistics Statistics(TestServer server) => server.Services.GetRequiredService<ModelPool>().Statistics!.Value;

    private static async Task UntilLoadedAsync(TestServer server, long bytes)
    {
        while (Statistics(server).LoadedBytes != bytes)
            await Task.Delay(1, Token);
    }

    private static Task<TestServer> StartAsync(long? memory, TimeProvider? clock = null, Action<LlamaEngineServerOptions>? configure = null) =>
        TestServer.StartAsync(services =>
        {
            if (clock is not null)
                services.AddSingleton(clock);
            services.AddLlamaEngineServer(options =>
            {
                options.MemoryBytes = memory;
                options.Models.Add(new() { Name = "a", Engine = Engine });
                options.Models.Add(new() { Name = "b", Engine = Engine });
                configure?.Invoke(options);
            });
        });
}
