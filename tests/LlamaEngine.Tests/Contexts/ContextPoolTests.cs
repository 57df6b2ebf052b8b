using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LlamaEngine.Contexts;
using LlamaEngine.Tests.Engine;
using LlamaEngine.Tests.Formats;

namespace LlamaEngine.Tests.Contexts;

/// <summary>The pool with real files: what it loads, keeps, unloads, tells and counts.</summary>
public sealed class ContextPoolTests : IDisposable
{
    private static readonly string[] s_models = ["gqa-tied", "rope-llama3", "rope-yarn"];

    private static readonly int[] s_prompt = [1, 2];

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_models_with_room_for_two()
    {
        await using ContextPool pool = Create(room: 2);
        List<string> told = Listen(pool);
        foreach (int model in (int[])[0, 1, 0, 2, 1, 1, 0, 2])
        {
            await using ContextLease lease = await pool.RentAsync(s_models[model], Token);
            Assert.Equal(s_models[model], lease.Name);
            Assert.Equal(Path.GetFullPath(ModelPath(s_models[model])), Path.GetFullPath(lease.Engine.Model.Path));
            Assert.NotEmpty((await lease.Engine.CompleteAsync(s_prompt, new GenerationOptions { MaxTokens = 1 }, Token)).Tokens);
            Assert.InRange(pool.Statistics.LoadedBytes, 1, pool.MemoryBytes);
        }
        // 0 and 1 are loaded; 0 is found; 2 drives out 1, 1 drives out 0; 1 is found; 0 drives out 2, and 2 drives out 1.
        Assert.Equal(
            [
                "loaded 0", "loaded 1", "hit 0", "evicted 1", "loaded 2", "evicted 0", "loaded 1", "hit 1",
                "evicted 2", "loaded 0", "evicted 1", "loaded 2",
            ],
            told);
        ContextPoolStatistics statistics = pool.Statistics;
        Assert.Equal((6, 2, 4), (statistics.Loads, statistics.Hits, statistics.Evictions));
        Assert.Equal(SizeOf(0) + SizeOf(2), statistics.LoadedBytes);
        Assert.Equal(Plan(0).WeightBytes + Plan(1).WeightBytes, statistics.BytesSaved);
    }

    [Fact]
    public async Task Sixty_four_callers_share_one_load()
    {
        await using ContextPool pool = Create(room: 2);
        ContextLease[] leases = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => pool.RentAsync(s_models[0], Token))));
        Assert.All(leases, lease => Assert.Same(leases[0].Engine, lease.Engine));
        Assert.Equal((1, 63), (pool.Statistics.Loads, pool.Statistics.Hits));
        foreach (ContextLease lease in leases)
            await lease.DisposeAsync();
    }

    [Fact]
    public async Task Who_finds_no_room_waits_in_line_until_a_lease_is_returned()
    {
        await using ContextPool pool = Create(room: 1);
        ContextLease first = await pool.RentAsync(s_models[0], Token);
        using var source = new CancellationTokenSource();
        Task<ContextLease> second = pool.RentAsync(s_models[1], Token);
        Task<ContextLease> leaving = pool.RentAsync(s_models[2], source.Token), third = pool.RentAsync(s_models[2], Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.False(second.IsCompleted || third.IsCompleted);
        Assert.Equal(1, pool.Statistics.Loads);
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => first.Engine);
        await using (await second)
            Assert.False(third.IsCompleted);
        await (await third).DisposeAsync();
        Assert.Equal((3, 0, 2), Counts(pool));
    }

    [Fact]
    public async Task A_pinned_engine_stays()
    {
        await using ContextPool pool = Create(room: 2);
        pool.Pin(s_models[0]);
        foreach (int model in (int[])[0, 1, 2, 1])
            await (await pool.RentAsync(s_models[model], Token)).DisposeAsync();
        Assert.Equal((4, 0, 2), Counts(pool));
        await (await pool.RentAsync(s_models[0], Token)).DisposeAsync();
        Assert.Equal((4, 1, 2), Counts(pool));
        pool.Unpin(s_models[0]);
        await (await pool.RentAsync(s_models[1], Token)).DisposeAsync();
        await (await pool.RentAsync(s_models[2], Token)).DisposeAsync();
        await (await pool.RentAsync(s_models[1], Token)).DisposeAsync();
        Assert.Equal((5, 3, 3), Counts(pool));
    }

    [Fact]
    public async Task A_model_that_can_never_fit_is_refused_at_once_with_both_numbers()
    {
        await using var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = SizeOf(0) - 1 });
        pool.Add("a", Options(0));
        var refused = await Assert.ThrowsAsync<InsufficientDeviceMemoryException>(() => pool.RentAsync("a", Token));
        Assert.Equal((SizeOf(0), SizeOf(0) - 1), (refused.NeededBytes, refused.AvailableBytes));
        Assert.Equal(default, pool.Statistics);
    }

    [Fact]
    public async Task A_failing_load_reaches_all_and_takes_nothing()
    {
        await using ContextPool pool = Create(room: 1);
        string path = _folder.Write("broken.gguf", "no model at all");
        pool.Add("broken", new EngineOptions { ModelPath = path });
        // It plans well, and fails when it is loaded: a limit of its own is too tight.
        pool.Add("tight", Options(0) with { MemoryLimitBytes = 1 });
        pool.Add("nowhere", new EngineOptions { ModelPath = Path.Combine(_folder.Path, "nothing.gguf") });
        await AllFail<ModelFormatException>("broken");
        await AllFail<InsufficientDeviceMemoryException>("tight");
        await AllFail<FileNotFoundException>("nowhere");
        Assert.Equal(default, pool.Statistics);
        await (await pool.RentAsync(s_models[0], Token)).DisposeAsync();
        File.Copy(ModelPath(s_models[1]), path, overwrite: true);
        await (await pool.RentAsync("broken", Token)).DisposeAsync();
        Assert.Equal((2, 0, 1), Counts(pool));

        async Task AllFail<T>(string name) where T : Exception
        {
            foreach (Task<ContextLease> one in (Task<ContextLease>[])[.. Enumerable.Range(0, 8).Select(_ => pool.RentAsync(name, Token))])
                await Assert.ThrowsAsync<T>(() => one);
        }
    }

    [Fact]
    public async Task Giving_up_while_it_loads_leaves_the_others()
    {
        await using ContextPool pool = Create(room: 1);
        for (int round = 0; round < 20; round++)
        {
            using var source = new CancellationTokenSource();
            Task<ContextLease>[] leaving = [.. Enumerable.Range(0, 4).Select(_ => pool.RentAsync(s_models[round % 3], source.Token))];
            Task<ContextLease> staying = pool.RentAsync(s_models[round % 3], Token);
            await Task.WhenAll(source.CancelAsync(), ReturnAsync(staying));
            foreach (Task<ContextLease> one in leaving)
                await ReturnAsync(one);
            Assert.InRange(pool.Statistics.LoadedBytes, 0, pool.MemoryBytes);
        }
    }

    [Fact]
    public async Task Random_callers_never_exceed_the_budget_and_all_are_served()
    {
        await using ContextPool pool = Create(room: 2);
        List<string> told = Listen(pool);
        var excess = new ConcurrentBag<long>();
        pool.Loaded += (_, _) => Watch();
        pool.Evicted += (_, _) => Watch();
        int served = 0, gaveUp = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            var random = new Random(caller);
            for (int i = 0; i < 40; i++)
            {
                using var source = new CancellationTokenSource();
                Task<ContextLease> renting = pool.RentAsync(s_models[random.Next(3)], source.Token);
                if (random.Next(5) == 0)
                    await source.CancelAsync();
                bool got = await ReturnAsync(renting);
                Interlocked.Increment(ref got ? ref served : ref gaveUp);
                Watch();
            }
        })));
        Assert.Empty(excess);
        Assert.Equal(16 * 40, served + gaveUp);
        Assert.True(served >= 16 * 20, $"{served} were served");
        (long loads, long hits, long evictions) = Counts(pool);
        Assert.True(loads + hits >= served);
        Assert.InRange(loads - evictions, 0, 2);
        Assert.Equal((loads, hits, evictions), (Told("loaded"), Told("hit"), Told("evicted")));

        void Watch()
        {
            if (pool.Statistics.LoadedBytes > pool.MemoryBytes)
                excess.Add(pool.Statistics.LoadedBytes);
        }

        long Told(string what)
        {
            lock (told)
                return told.Count(line => line.StartsWith(what, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Events_and_metrics_say_what_the_statistics_say()
    {
        string name = Guid.NewGuid().ToString();
        await using ContextPool pool = Create(room: 1, name);
        long loadedBytes = 0, savedBytes = 0;
        double savedSeconds = 0;
        pool.Loaded += (_, e) => loadedBytes += e.Bytes;
        pool.Evicted += (_, e) => loadedBytes -= e.Bytes;
        pool.Hit += (_, e) => (savedBytes, savedSeconds) = (savedBytes + e.Bytes, savedSeconds + e.Duration.TotalSeconds);
        pool.Hit += (_, _) => throw new InvalidOperationException("A handler that throws breaks nothing.");
        pool.Loaded += (_, _) => pool.Pin(s_models[0]); // nor does one that calls back
        pool.Loaded += (_, _) => pool.Unpin(s_models[0]);
        foreach (int model in (int[])[0, 0, 1, 1, 1, 0])
            await (await pool.RentAsync(s_models[model], Token)).DisposeAsync();
        ContextPoolStatistics statistics = pool.Statistics;
        Assert.Equal((3, 3, 2), Counts(pool));
        Assert.Equal((statistics.LoadedBytes, statistics.BytesSaved), (loadedBytes, savedBytes));
        Assert.Equal(statistics.SecondsSaved, savedSeconds, 1e-9);
        Assert.True(savedSeconds > 0);
        Dictionary<string, double> metrics = Collect(name);
        Assert.Equal(
            new Dictionary<string, double>
            {
                ["loads"] = 3,
                ["hits"] = 3,
                ["evictions"] = 2,
                ["loaded_bytes"] = statistics.LoadedBytes,
                ["seconds_saved"] = statistics.SecondsSaved,
                ["bytes_saved"] = statistics.BytesSaved,
            }.OrderBy(pair => pair.Key),
            metrics.OrderBy(pair => pair.Key));
    }

    [Fact]
    public async Task Disposing_waits_for_leases_and_turns_away_who_waits()
    {
        ContextPool pool = Create(room: 1);
        ContextLease lease = await pool.RentAsync(s_models[0], Token);
        Task<ContextLease> waiting = pool.RentAsync(s_models[1], Token);
        Task disposing = pool.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync(s_models[0], Token));
        Assert.False(disposing.IsCompleted);
        Assert.NotEmpty((await lease.Engine.CompleteAsync(s_prompt, new GenerationOptions { MaxTokens = 1 }, Token)).Tokens);
        InferenceEngine engine = lease.Engine;
        await lease.DisposeAsync();
        await disposing;
        await pool.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => { engine.GenerateAsync(s_prompt, cancellationToken: Token); });
        Assert.Equal(0, pool.Statistics.LoadedBytes);
    }

    [Fact]
    public async Task An_engine_that_somebody_disposed_is_loaded_again()
    {
        await using ContextPool pool = Create(room: 1);
        await using (ContextLease lease = await pool.RentAsync(s_models[0], Token))
            await lease.Engine.DisposeAsync();
        await using (ContextLease lease = await pool.RentAsync(s_models[0], Token))
            Assert.NotEmpty((await lease.Engine.CompleteAsync(s_prompt, new GenerationOptions { MaxTokens = 1 }, Token)).Tokens);
        Assert.Equal((2, 0, 0), Counts(pool));
    }

    [Fact]
    public async Task An_engine_takes_what_was_planned()
    {
        await using var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = 1L << 30 });
        pool.Add("plain", new EngineOptions { ModelPath = Lexicon.Model });
        pool.Add("more", new EngineOptions { ModelPath = Lexicon.Model, KvCacheTokens = 1024 });
        await using ContextLease plain = await pool.RentAsync("plain", Token), more = await pool.RentAsync("more", Token);
        Assert.Equal((512 / 16, 1024 / 16), (plain.Engine.Statistics.KvBlocks, more.Engine.Statistics.KvBlocks));
        Assert.Equal(plain.Engine.PlannedBytes + more.Engine.PlannedBytes, pool.Statistics.LoadedBytes);
    }

    [Fact]
    public async Task Recipes_of_one_model_share_an_engine_and_have_their_prefixes_there()
    {
        int[] tokens = [.. Enumerable.Range(10, 64)];
        await using var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = 1L << 30 });
        pool.Add("named", new EngineOptions { ModelPath = Lexicon.Model, KvCacheType = KvCacheType.F32 });
        string copy = Path.Combine(_folder.Path, "copy.gguf");
        File.Copy(Lexicon.Model, copy);
        var recipe = new ContextRecipe { ModelPath = Lexicon.Model, Prefixes = [tokens] };
        List<ContextPoolEventArgs> news = [];
        pool.Loaded += (_, e) => news.Add(e);
        await using ContextLease first = await pool.RentAsync(recipe, Token);
        await using ContextLease second = await pool.RentAsync(recipe with { ModelPath = copy, Prefixes = [tokens[..32]] }, Token);
        await using ContextLease third = await pool.RentAsync(recipe with { KvCacheType = KvCacheType.F32 }, Token);
        Assert.Same(first.Engine, second.Engine);
        Assert.Equal("named", third.Name);
        Assert.Equal((2, 1, 0), Counts(pool));
        Assert.Equal(await recipe.ComputeIdAsync(Token), news[0].RecipeId);
        Assert.Equal(64, await first.Context!.Prefixes[0].CountHeldTokensAsync());
        Assert.Equal(32, await second.Context!.Prefixes[0].CountHeldTokensAsync());
        Assert.Equal(news[0].RecipeId, first.Context.RecipeId);
        pool.Pin(first.Name);
    }

    [Fact]
    public async Task A_recipe_that_cannot_be_made_returns_the_engine()
    {
        await using var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = 1L << 30 });
        var recipe = new ContextRecipe { ModelPath = Lexicon.Model, Prefixes = [new int[10_000]] };
        await Assert.ThrowsAsync<ContextLengthExceededException>(() => pool.RentAsync(recipe, Token));
        await Assert.ThrowsAsync<RecipeMismatchException>(() => pool.RentAsync(recipe with { WeightType = TensorType.F32 }, Token));
    }

    [Fact]
    public async Task Names_and_options_are_checked()
    {
        await using ContextPool pool = Create(room: 1);
        Assert.Throws<ArgumentException>(() => pool.Add(s_models[0], Options(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Add("odd", new EngineOptions { MaxSequences = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ContextPool(new ContextPoolOptions { MemoryBytes = 0 }));
        Assert.Throws<KeyNotFoundException>(() => pool.Pin("nobody"));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => pool.RentAsync("nobody", Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.RentAsync(s_models[0], new CancellationToken(canceled: true)));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Returns what was rented; false where the caller had given up.</summary>
    private static async Task<bool> ReturnAsync(Task<ContextLease> renting)
    {
        try
        {
            await (await renting).DisposeAsync();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static List<string> Listen(ContextPool pool)
    {
        List<string> told = [];
        pool.Loaded += (_, e) => Note("loaded", e);
        pool.Hit += (_, e) => Note("hit", e);
        pool.Evicted += (_, e) => Note("evicted", e);
        return told;

        void Note(string what, ContextPoolEventArgs e)
        {
            lock (told)
                told.Add($"{what} {Array.IndexOf(s_models, e.Name)}");
        }
    }

    private static Dictionary<string, double> Collect(string pool)
    {
        const string Prefix = "llamaengine.context_pool.";
        Dictionary<string, double> metrics = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "LlamaEngine" && instrument.Name.StartsWith(Prefix, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Note(instrument, value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Note(instrument, value));
        listener.Start();
        listener.RecordObservableInstruments();
        return metrics;

        void Note(Instrument instrument, double value)
        {
            if (instrument.Meter.Tags?.Contains(KeyValuePair.Create<string, object?>(Prefix + "name", pool)) == true)
                metrics[instrument.Name[Prefix.Length..]] = value;
        }
    }

    private static (long Loads, long Hits, long Evictions) Counts(ContextPool pool) =>
        (pool.Statistics.Loads, pool.Statistics.Hits, pool.Statistics.Evictions);

    private static string ModelPath(string model) => SharedData.Own("models", model, "model.gguf");

    private static EngineOptions Options(int model) => new() { ModelPath = ModelPath(s_models[model]), Threads = 1 };

    private static PoolPlan Plan(int model) => PoolPlanner.Plan(Options(model));

    private static long SizeOf(int model) => Plan(model).Bytes;

    /// <summary>A pool of the three models with room for any one or two of them.</summary>
    private static ContextPool Create(int room, string name = "default")
    {
        long[] sizes = [.. Enumerable.Range(0, 3).Select(SizeOf).OrderDescending()];
        Assert.True(sizes[..room].Sum() < sizes[^(room + 1)..].Sum(), "one more would fit");
        var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = sizes[..room].Sum(), Name = name });
        for (int i = 0; i < 3; i++)
            pool.Add(s_models[i], Options(i));
        return pool;
    }
}
