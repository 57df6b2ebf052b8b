using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class ThreadPinningTests
{
    [Fact]
    public void Masks_become_processors_in_ascending_order()
    {
        var mask = new byte[256];
        mask[0] = 0b1000_0101;
        mask[129] = 0b10;
        Assert.Equal([0, 2, 7, 1033], ThreadPinning.ToProcessors(mask));
        Assert.Empty(ThreadPinning.ToProcessors([]));
    }

    [Fact]
    public void A_thread_is_bound_to_an_allowed_processor_and_no_other_thread_is()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "threads are bound on Linux only");
        var before = ProcessorBudget.AllowedProcessors();
        foreach (int processor in before.Take(2))
        {
            string? allowed = null;
            OnOwnThread(() =>
            {
                Assert.True(ThreadPinning.PinCurrentThread(processor));
                allowed = SystemFiles.Machine.Lines("/proc/thread-self/status").Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
            });
            Assert.Equal($"Cpus_allowed_list:\t{processor}", allowed);
        }
        Assert.Equal(before, ProcessorBudget.AllowedProcessors());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(int.MaxValue)]
    public void A_processor_that_is_not_there_is_a_failure_without_an_effect(int processor)
    {
        bool? pinned = null;
        OnOwnThread(() => pinned = ThreadPinning.PinCurrentThread(processor));
        Assert.False(pinned);
    }

    private static void OnOwnThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
