using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Security;

namespace LlamaEngine.AspNetCore.Tests.Security;

/// <summary>What a key may use in a minute, and at one time.</summary>
public sealed class KeyLimitsTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Requests_of_a_minute_are_a_bucket_that_fills_evenly()
    {
        KeyLimits limits = Create(key => key with { RequestsPerMinute = 3 });
        for (int i = 0; i < 3; i++)
        {
            limits.Begin();
            limits.End(0);
        }
        ApiException refused = Assert.Throws<ApiException>(limits.Begin);
        Assert.Equal((429, "rate_limit_exceeded", 20), (refused.Status, refused.Code, refused.RetryAfter));
        _clock.Advance(TimeSpan.FromSeconds(19.5));
        Assert.Equal(1, Assert.Throws<ApiException>(limits.Begin).RetryAfter);
        _clock.Advance(TimeSpan.FromSeconds(0.501));
        limits.Begin();
        Assert.Throws<ApiException>(limits.Begin);
    }

    [Fact]
    public void Tokens_are_taken_when_a_request_ends_and_the_next_waits_for_them()
    {
        KeyLimits limits = Create(key => key with { TokensPerMinute = 60 });
        limits.Begin();
        limits.Begin(); // nothing is known to be used yet
        limits.End(100);
        ApiException refused = Assert.Throws<ApiException>(limits.Begin);
        Assert.Equal(40, refused.RetryAfter);
        _clock.Advance(TimeSpan.FromSeconds(40));
        limits.Begin();
    }

    [Fact]
    public void Concurrent_requests_are_counted()
    {
        KeyLimits limits = Create(key => key with { Concurrency = 2 });
        limits.Begin();
        limits.Begin();
        Assert.Equal("concurrency_limit_exceeded", Assert.Throws<ApiException>(limits.Begin).Code);
        limits.End(0);
        limits.Begin();
    }

    [Fact]
    public void A_refused_request_uses_nothing()
    {
        KeyLimits limits = Create(key => key with { RequestsPerMinute = 2, Concurrency = 1 });
        limits.Begin();
        Assert.Throws<ApiException>(limits.Begin);
        limits.End(0);
        limits.Begin();
    }

    private KeyLimits Create(Func<ApiKey, ApiKey> configure) => new(configure(new ApiKey("anna", [])), _clock);
}
