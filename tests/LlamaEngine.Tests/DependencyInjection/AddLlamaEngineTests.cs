using System.Diagnostics.Metrics;
using LlamaEngine.DependencyInjection;
using LlamaEngine.Tests.Clients;
using LlamaEngine.Tests.Engine;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlamaEngine.Tests.DependencyInjection;

/// <summary>Engines in a container and its host.</summary>
public sealed class AddLlamaEngineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_interfaces_come_from_one_engine_which_the_container_frees()
    {
        InferenceEngine engine;
        await using (ServiceProvider services = Lazy(new ServiceCollection()).BuildServiceProvider())
        {
            var chat = services.GetRequiredService<IChatClient>();
            var embedder = services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
            engine = services.GetRequiredService<InferenceEngine>();
            Assert.Same(engine, chat.GetService<InferenceEngine>());
            Assert.Same(engine, embedder.GetService<InferenceEngine>());
            Assert.Same(chat, services.GetRequiredService<IChatClient>());
            Assert.Equal(LexiconEngine.CameraAnswer, (await chat.GetResponseAsync(LexiconEngine.Camera, null, Token)).Text);
        }
        Assert.Throws<ObjectDisposedException>(() => { engine.GenerateAsync("river", null, Token); });
    }

    [Fact]
    public async Task Nothing_is_loaded_before_it_is_used_unless_the_host_starts()
    {
        await using ServiceProvider services = Lazy(new ServiceCollection()).BuildServiceProvider();
        EngineHolder holder = Holder(services);
        foreach (IHostedService service in services.GetServices<IHostedService>())
            await service.StartAsync(Token);
        Assert.Null(holder.Load);
        InferenceEngine[] engines = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => holder.LoadAsync(Token)));
        Assert.Single(engines.Distinct());
        Assert.Same(engines[0], services.GetRequiredService<InferenceEngine>());
    }

    [Fact]
    public async Task The_host_loads_and_warms_up_at_its_start_and_frees_at_its_end()
    {
        InferenceEngine engine;
        using (IHost host = Build(builder => builder.Services.AddLlamaEngine(options =>
        {
            options.ModelPath = Lexicon.Model;
            options.WarmUpPrompt = "river";
        })))
        {
            await host.StartAsync(Token);
            engine = Assert.IsType<InferenceEngine>(await Holder(host.Services).Load!);
            Assert.Equal((1, 1), (engine.Statistics.EndedRequests, engine.Statistics.GeneratedTokens));
            await host.StopAsync(Token);
        }
        Assert.Throws<ObjectDisposedException>(() => { engine.GenerateAsync("river", null, Token); });
    }

    [Fact]
    public async Task Keyed_engines_are_apart_from_each_other_and_from_the_one_without_a_key()
    {
        var collection = new ServiceCollection();
        Lazy(collection);
        foreach (string key in new[] { "small", "wide" })
        {
            collection.AddKeyedLlamaEngine(key, options =>
            {
                options.ModelPath = Lexicon.Model;
                options.ContextLength = key == "small" ? 64 : 128;
            });
        }
        await using ServiceProvider services = collection.BuildServiceProvider();
        Assert.Equal(512, services.GetRequiredService<InferenceEngine>().Model.ContextLength);
        Assert.Equal(64, services.GetRequiredKeyedService<InferenceEngine>("small").Model.ContextLength);
        Assert.Equal(128, services.GetRequiredKeyedService<InferenceEngine>("wide").Model.ContextLength);
        Assert.Same(
            services.GetRequiredKeyedService<InferenceEngine>("small"),
            services.GetRequiredKeyedService<IChatClient>("small").GetService<InferenceEngine>());
        Assert.Same(
            services.GetRequiredKeyedService<InferenceEngine>("wide"),
            services.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("wide").GetService<InferenceEngine>());
        Assert.Throws<ArgumentException>(() => collection.AddKeyedLlamaEngine(""));
    }

    [Fact]
    public async Task Adding_an_engine_again_adds_to_its_options()
    {
        ServiceCollection collection = Lazy(new ServiceCollection());
        int before = collection.Count(service => service.ServiceType == typeof(IHostedService));
        collection.AddLlamaEngine().Configure(options => options.ContextLength = 96);
        Assert.Equal(before, collection.Count(service => service.ServiceType == typeof(IHostedService)));
        await using ServiceProvider services = collection.BuildServiceProvider();
        Assert.Equal(96, services.GetRequiredService<InferenceEngine>().Model.ContextLength);
        Assert.Single(services.GetServices<IChatClient>());
    }

    [Fact]
    public async Task Options_reach_the_clients_and_loggers_and_meters_are_the_containers()
    {
        using var log = new RecordingLoggers();
        using var meters = new RecordingMeters();
        var collection = new ServiceCollection();
        collection.AddSingleton<IMeterFactory>(meters);
        collection.AddSingleton<ILoggerFactory>(log);
        collection.AddLlamaEngine(options =>
        {
            options.ModelPath = Lexicon.Model;
            options.Conversations = new() { MaxConversations = 1 };
            options.Embeddings = new() { Normalize = true };
        });
        await using ServiceProvider services = collection.BuildServiceProvider();
        var chat = services.GetRequiredService<IChatClient>();
        await chat.GetResponseAsync(LexiconEngine.Camera, new ChatOptions { ConversationId = "a" }, Token);
        await Assert.ThrowsAsync<ConversationLimitException>(
            () => chat.GetResponseAsync(LexiconEngine.Camera, new ChatOptions { ConversationId = "b" }, Token));
        ReadOnlyMemory<float> vector = await services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>().GenerateVectorAsync("river", null, Token);
        Assert.Equal(1, vector.ToArray().Sum(value => value * value), 1e-4);
        Assert.Contains("LlamaEngine", meters.Names);
        Assert.Contains(log.Messages, message => message.StartsWith("Loaded ", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_can_be_bound_to_the_programs_configuration()
    {
        using IHost host = Build(builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Engine:ModelPath"] = Lexicon.Model,
                ["Engine:KvCacheType"] = "f16",
                ["Engine:LoadAtStart"] = "false",
                ["Engine:Conversations:MaxRetained"] = "3",
                ["Engine:Embeddings:Pooling"] = "mean",
            });
            builder.Services.AddLlamaEngine().BindConfiguration("Engine");
        });
        LlamaEngineOptions options = Holder(host.Services).Options;
        Assert.Equal((Lexicon.Model, KvCacheType.F16, false), (options.ModelPath, options.KvCacheType, options.LoadAtStart));
        Assert.Equal((3, EmbeddingPooling.Mean), (options.Conversations.MaxRetained, options.Embeddings.Pooling));
    }

    [Fact]
    public async Task Bad_options_end_the_start_of_the_host()
    {
        using IHost host = Build(builder => builder.Services.AddKeyedLlamaEngine("small", options => options.MaxSequences = 0));
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));
        Assert.Contains("LlamaEngineOptions('small').MaxSequences", error.Message, StringComparison.Ordinal);
        Assert.Null(Holder(host.Services, "small").Load);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_ends_the_start_with_its_exception_and_may_come_later()
    {
        string path = Path.Combine(Path.GetTempPath(), $"llamaengine-{Guid.NewGuid():N}.gguf");
        using IHost host = Build(builder => builder.Services.AddLlamaEngine(options => options.ModelPath = path));
        await Assert.ThrowsAsync<FileNotFoundException>(() => host.StartAsync(Token));
        try
        {
            await File.WriteAllBytesAsync(path, [1, 2, 3], Token);
            Assert.Throws<ModelFormatException>(() => host.Services.GetRequiredService<IChatClient>());
            File.Copy(Lexicon.Model, path, overwrite: true);
            Assert.NotNull(host.Services.GetRequiredService<IChatClient>());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Cancelling_the_start_ends_the_load_and_the_next_who_asks_loads()
    {
        using IHost host = Build(builder => builder.Services.AddLlamaEngine(options => options.ModelPath = Lexicon.Model));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.StartAsync(new CancellationToken(canceled: true)));
        Assert.NotNull(host.Services.GetRequiredService<InferenceEngine>());
    }

    [Fact]
    public async Task Who_joins_a_load_that_is_given_up_loads_anew_and_after_the_end_nobody_does()
    {
        await using ServiceProvider services = Lazy(new ServiceCollection()).BuildServiceProvider();
        EngineHolder holder = Holder(services);
        using var source = new CancellationTokenSource();
        Task<InferenceEngine> first = holder.LoadAsync(source.Token), second = holder.LoadAsync(Token);
        await source.CancelAsync();
        await Task.WhenAny(first);
        InferenceEngine engine = await second;
        Assert.True(first.IsCanceled || await first == engine);
        Assert.Equal(LexiconEngine.CameraAnswer, (await engine.CompleteAsync(Prompt.FromUser(LexiconEngine.Camera), null, Token)).Text);
        await holder.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => holder.LoadAsync(Token));
        Assert.Throws<ObjectDisposedException>(() => { engine.GenerateAsync("river", null, Token); });
    }

    internal static EngineHolder Holder(IServiceProvider services, string name = "") => services.GetRequiredKeyedService<EngineHolder>(name);

    internal static ServiceCollection Lazy(ServiceCollection services)
    {
        services.AddLlamaEngine(options =>
        {
            options.ModelPath = Lexicon.Model;
            options.LoadAtStart = false;
        });
        return services;
    }

    private static IHost Build(Action<HostApplicationBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        configure(builder);
        return builder.Build();
    }

    private sealed class RecordingMeters : IMeterFactory
    {
        public List<string> Names { get; } = [];

        public Meter Create(MeterOptions options)
        {
            Names.Add(options.Name);
            return new Meter(options);
        }

        public void Dispose()
        {
        }
    }

    private sealed class RecordingLoggers : ILoggerFactory, ILogger
    {
        public List<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Messages)
                Messages.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
