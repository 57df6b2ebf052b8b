using LlamaEngine.Backends;
using LlamaEngine.Devices;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Tests.Backends;

public class BackendSelectorTests
{
    [Theory]
    [InlineData(DeviceKind.Cpu)]
    [InlineData(DeviceKind.Auto)]
    public void The_log_says_what_computes_and_why(DeviceKind device)
    {
        var options = new EngineOptions { Device = device, Threads = 1, LoggerFactory = new Messages() };
        DeviceChoice choice = DeviceSurvey.Choose(options);
        Assert.SkipUnless(choice.Ordinal is null, "this machine has a GPU, which Auto chooses");
        using IBackend backend = BackendSelector.Create(options);
        Assert.StartsWith("CPU", backend.Description, StringComparison.Ordinal);
        Assert.Contains($"Computing on {backend.Description} ({choice.Reason})", ((Messages)options.LoggerFactory).Texts);
    }

    [Fact]
    public void A_device_that_cannot_be_used_is_an_error_and_no_fallback()
    {
        var options = new EngineOptions { Device = DeviceKind.Cuda, DeviceOrdinal = 1023, LoggerFactory = new Messages() };
        var refused = Assert.Throws<DeviceUnavailableException>(() => BackendSelector.Create(options));
        Assert.Equal("cuda:1023", refused.Requested);
        Assert.StartsWith("cpu", refused.Found, StringComparison.Ordinal);
        Assert.DoesNotContain(((Messages)options.LoggerFactory).Texts, text => text.StartsWith("Computing on", StringComparison.Ordinal));
    }

    private sealed class Messages : ILoggerFactory, ILogger
    {
        public List<string> Texts { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
