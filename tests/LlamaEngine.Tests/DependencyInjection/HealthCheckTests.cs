using LlamaEngine.DependencyInjection;
using LlamaEngine.Tests.Clients;
using LlamaEngine.Tests.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlamaEngine.Tests.DependencyInjection;

/// <summary>What health checks say of an engine in each of its states.</summary>
public sealed class HealthCheckTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Degraded_until_loaded_then_healthy_with_statistics()
    {
        await using ServiceProvider services = Build(options => options.ModelPath = Lexicon.Model);
        Assert.Equal(HealthStatus.Degraded, (await Check(services)).Status);
        Assert.Null(Holder(services).Load);

        Task<InferenceEngine> load = Holder(services).LoadAsync(Token);
        HealthReportEntry during = await Check(services);
        Assert.True(during.Status == HealthStatus.Degraded || load.IsCompleted);
        InferenceEngine engine = await load;
        await engine.CompleteAsync(Prompt.FromUser(LexiconEngine.Camera), null, Token);

        HealthReportEntry entry = await Check(services);
        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(engine.Model.Name, entry.Data["Model"]);
        Assert.Equal(1L, entry.Data[nameof(EngineStatistics.EndedRequests)]);
        Assert.Equal(engine.Statistics.KvBlocks, entry.Data[nameof(EngineStatistics.KvBlocks)]);
    }

    [Fact]
    public async Task Unhealthy_with_the_exception_when_the_load_failed()
    {
        await using ServiceProvider services = Build(options => options.ModelPath = "/does/not/exist.gguf");
        await Assert.ThrowsAsync<FileNotFoundException>(() => Holder(services).LoadAsync(Token));
        HealthReportEntry entry = await Check(services);
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<FileNotFoundException>(entry.Exception);
    }

    [Fact]
    public async Task Unhealthy_with_the_fault_when_an_internal_error_stopped_the_engine()
    {
        await using ServiceProvider services = Build(options => options.ModelPath = Lexicon.Model);
        InferenceEngine engine = await Holder(services).LoadAsync(Token);
        Assert.Null(engine.Fault);
        // A block that nobody accounts for: the check of the idle engine finds it.
        await engine.Loop.InvokeAsync((pool, _) => pool.TryTake(out int _));
        SpinWait.SpinUntil(() => engine.Fault is not null, TimeSpan.FromSeconds(30));
        HealthReportEntry entry = await Check(services);
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Same(engine.Fault, Assert.IsType<EngineFaultedException>(entry.Exception));
        Assert.Throws<EngineFaultedException>(() => { _ = engine.Loop.InvokeAsync((_, _) => true); });
    }

    [Fact]
    public async Task Keyed_engines_have_checks_of_their_own_with_their_own_severity()
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddKeyedLlamaEngine("a", options => options.ModelPath = "/does/not/exist.gguf");
        collection.AddKeyedLlamaEngine("b", options => options.ModelPath = Lexicon.Model);
        collection.AddHealthChecks()
            .AddLlamaEngine("engine a", "a", HealthStatus.Degraded, ["ready"])
            .AddLlamaEngine("engine b", "b");
        await using ServiceProvider services = collection.BuildServiceProvider();
        await Assert.ThrowsAsync<FileNotFoundException>(() => AddLlamaEngineTests.Holder(services, "a").LoadAsync(Token));
        await AddLlamaEngineTests.Holder(services, "b").LoadAsync(Token);
        HealthReport report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        Assert.Equal(HealthStatus.Degraded, report.Entries["engine a"].Status);
        Assert.IsType<FileNotFoundException>(report.Entries["engine a"].Exception);
        Assert.Equal(["ready"], report.Entries["engine a"].Tags);
        Assert.Equal(HealthStatus.Healthy, report.Entries["engine b"].Status);
    }

    private static EngineHolder Holder(IServiceProvider services) => AddLlamaEngineTests.Holder(services);

    private static ServiceProvider Build(Action<LlamaEngineOptions> configure)
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddLlamaEngine(configure);
        collection.AddHealthChecks().AddLlamaEngine();
        return collection.BuildServiceProvider();
    }

    private static async Task<HealthReportEntry> Check(IServiceProvider services) =>
        (await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token)).Entries["llamaengine"];
}
