using System.Collections.Concurrent;
using LlamaEngine.Models;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Tests.Engine;

public class MemoryOptionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1 << 26) + 1)]
    public void A_cache_has_1_to_67108864_positions(int tokens) =>
        Refuse(nameof(EngineOptions.KvCacheTokens), new EngineOptions { KvCacheTokens = tokens });

    [Theory]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    [InlineData(1.0000001)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_share_is_above_0_and_at_most_1(double fraction) =>
        Refuse(nameof(EngineOptions.KvCacheMemoryFraction), new EngineOptions { KvCacheMemoryFraction = fraction });

    [Theory]
    [InlineData(0L)]
    [InlineData(long.MinValue)]
    public void A_limit_is_at_least_1(long bytes) =>
        Refuse(nameof(EngineOptions.MemoryLimitBytes), new EngineOptions { MemoryLimitBytes = bytes });

    [Fact]
    public void The_ends_of_the_ranges_are_allowed()
    {
        new EngineOptions { KvCacheTokens = 1, KvCacheMemoryFraction = double.Epsilon, MemoryLimitBytes = 1 }.Validate();
        new EngineOptions { KvCacheTokens = 1 << 26, KvCacheMemoryFraction = 1, MemoryLimitBytes = long.MaxValue }.Validate();
    }

    [Fact]
    public void A_model_above_the_limit_is_not_loaded()
    {
        var refused = Assert.Throws<InsufficientDeviceMemoryException>(
            () => InferenceEngine.Create(new EngineOptions { ModelPath = Lexicon.Model, MemoryLimitBytes = 1000 }));
        Assert.Equal(1000, refused.AvailableBytes);
    }

    [Fact]
    public void The_plan_is_logged_once()
    {
        using var loggers = new Recorder();
        ModelInfo model;
        using (var engine = InferenceEngine.Create(
            new EngineOptions { ModelPath = Lexicon.Model, KvCacheTokens = 600, MemoryLimitBytes = 256 << 20, LoggerFactory = loggers }))
        {
            model = engine.Model;
        }
        Dictionary<string, object?> plan = Assert.Single(loggers.Entries, entry => entry.ContainsKey("KvPositions"));
        Assert.Equal(LogLevel.Information, plan["Level"]);
        Assert.Equal(model.WeightBytes, plan["WeightBytes"]);
        Assert.Equal(608L, plan["KvPositions"]);
        // Two bytes a value.
        Assert.Equal(
            608L * 2 * 2 * model.Configuration.LayerCount * model.Configuration.KeyValueHeadCount * model.Configuration.HeadSize, plan["KvBytes"]);
        Assert.Equal("F16", plan["KvType"]?.ToString());
        Assert.Equal(256L << 20, plan["AvailableBytes"]);
        Assert.Equal("Caller", plan["Limit"]?.ToString());
    }

    private static void Refuse(string option, EngineOptions options) =>
        Assert.Equal(option, Assert.Throws<ArgumentOutOfRangeException>(() => InferenceEngine.Create(options)).ParamName);

    /// <summary>Keeps what is logged: the message's parameters, and its level.</summary>
    private sealed class Recorder : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<Dictionary<string, object?>> Entries { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = (state as IEnumerable<KeyValuePair<string, object?>> ?? []).ToDictionary();
            values["Level"] = logLevel;
            Entries.Enqueue(values);
        }

        public void Dispose()
        {
        }
    }
}
