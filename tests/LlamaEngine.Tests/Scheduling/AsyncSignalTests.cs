using LlamaEngine.Scheduling;

namespace LlamaEngine.Tests.Scheduling;

/// <summary>Waiting and resting: none of them misses what was written.</summary>
public sealed class AsyncSignalTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromDays(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signal_ends_a_wait_and_several_count_as_one()
    {
        using var signal = new AsyncSignal();
        ValueTask waiting = signal.WaitAsync();
        Assert.False(waiting.IsCompleted);
        signal.Set();
        await waiting;
        signal.Set();
        signal.Set();
        Assert.True(signal.WaitAsync().AsTask().IsCompleted);
        Assert.False(signal.WaitAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_rest_is_ended_by_what_is_urgent_only()
    {
        using var signal = new AsyncSignal();
        Task rest = signal.RestAsync(s_long).AsTask();
        signal.Set();
        signal.Set();
        Assert.False(rest.IsCompleted);
        signal.Set(urgent: true);
        await rest.WaitAsync(Token);
    }

    [Fact]
    public async Task A_rest_ends_when_its_time_has_passed()
    {
        using var signal = new AsyncSignal();
        for (int i = 0; i < 5; i++)
            await signal.RestAsync(TimeSpan.FromMilliseconds(1)).AsTask().WaitAsync(Token);
        Task endless = signal.RestAsync(Timeout.InfiniteTimeSpan).AsTask();
        Assert.False(endless.IsCompleted);
        signal.Set(urgent: true);
        await endless.WaitAsync(Token);
    }

    [Fact]
    public void A_rest_behind_a_signal_ends_at_once_where_that_was_urgent()
    {
        using var patient = new AsyncSignal();
        patient.Set();
        Assert.False(patient.RestAsync(s_long).AsTask().IsCompleted);
        using var urgent = new AsyncSignal();
        urgent.Set();
        urgent.Set(urgent: true);
        Assert.True(urgent.RestAsync(s_long).AsTask().IsCompleted);
        Assert.False(urgent.RestAsync(s_long).AsTask().IsCompleted);
    }

    /// <summary>A signal that got lost would leave the reader waiting, and the test would not end.</summary>
    [Fact]
    public async Task Nothing_is_missed_however_writer_and_reader_meet()
    {
        const int Rounds = 200, Written = 500;
        for (int round = 0; round < Rounds; round++)
        {
            using var signal = new AsyncSignal();
            int written = 0, read = 0;
            var random = new Random(round);
            Task writing = Task.Run(() =>
            {
                for (int i = 1; i <= Written; i++)
                {
                    Volatile.Write(ref written, i);
                    signal.Set(urgent: i == Written);
                    Thread.SpinWait(round % 50);
                }
            }, Token);
            while (read < Written)
            {
                ValueTask news = random.Next(2) == 0 ? signal.WaitAsync() : signal.RestAsync(random.Next(2) == 0 ? s_long : TimeSpan.FromMilliseconds(1));
                await news.AsTask().WaitAsync(Token);
                read = Volatile.Read(ref written);
            }
            await writing;
        }
    }

    [Fact]
    public void Neither_signals_nor_rests_allocate()
    {
        using var signal = new AsyncSignal();
        Round(signal);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Round(signal);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Round(AsyncSignal signal)
        {
            ValueTask waiting = signal.WaitAsync();
            signal.Set();
            waiting.GetAwaiter().GetResult();
            ValueTask rest = signal.RestAsync(s_long);
            signal.Set(urgent: true);
            rest.GetAwaiter().GetResult();
        }
    }
}
