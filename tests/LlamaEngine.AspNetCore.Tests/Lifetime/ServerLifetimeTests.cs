using LlamaEngine.AspNetCore.Lifetime;

namespace LlamaEngine.AspNetCore.Tests.Lifetime;

/// <summary>Draining: what runs may end, what comes is refused, what lasts too long is cut off.</summary>
public sealed class ServerLifetimeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Draining_waits_for_the_last_request()
    {
        using ServerLifetime lifetime = new();
        Assert.Equal(Admission.Begun, lifetime.TryBegin(2));
        Assert.Equal(Admission.Begun, lifetime.TryBegin(2));
        Assert.Equal(Admission.Full, lifetime.TryBegin(2));
        Task drained = lifetime.DrainAsync(TimeSpan.FromMinutes(5), TimeProvider.System, Token);
        Assert.True(lifetime.IsDraining);
        Assert.Equal(Admission.Draining, lifetime.TryBegin(2));
        lifetime.End();
        Assert.False(drained.IsCompleted);
        lifetime.End();
        await drained;
        Assert.Equal((0, false), (lifetime.CutOff, lifetime.Cut.IsCancellationRequested));
    }

    [Fact]
    public async Task Without_requests_draining_ends_at_once()
    {
        using ServerLifetime lifetime = new();
        await lifetime.DrainAsync(TimeSpan.FromMinutes(5), TimeProvider.System, Token);
        Assert.False(lifetime.Cut.IsCancellationRequested);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_lasts_past_the_deadline_or_a_cancellation_is_cut_off(bool cancelled)
    {
        using ServerLifetime lifetime = new();
        lifetime.TryBegin(1);
        await lifetime.DrainAsync(cancelled ? TimeSpan.FromMinutes(5) : TimeSpan.Zero, TimeProvider.System, new CancellationToken(cancelled));
        Assert.True(lifetime.Cut.IsCancellationRequested);
        Assert.Equal(1, lifetime.CutOff);
    }
}
