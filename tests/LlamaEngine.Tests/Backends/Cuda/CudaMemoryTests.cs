using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>What the driver says about memory; for that, no other test of this process may use the device.</summary>
[Collection(nameof(DeviceAlone))]
public sealed class CudaMemoryTests
{
    [Fact]
    public void All_memory_is_given_back_and_what_is_free_is_what_the_driver_says()
    {
        using (KernelBench.Open())
        {
        }
        if (!CudaDriver.IsSoftware)
            Assert.Skip("other processes may use the device meanwhile");
        using CudaContext context = CudaContext.Open(0);
        long before = context.Memory().Free;
        using (CudaBench bench = CudaBench.Open())
        using (TinyNetwork network = new(bench))
        {
            BatchPlan plan = TinyNetwork.Plan(0);
            for (int step = 0; step < 3; step++)
            {
                plan.Clear();
                plan.Add([1], step, TinyNetwork.BlocksOf(0), WantedRows.Last);
                network.Forward(plan);
                _ = network.Logits(plan, 0);
            }
            AvailableMemory available = bench.Backend.Memory.Available;
            Assert.Equal(MemoryLimit.Device, available.Limit);
            Assert.Equal(context.Memory().Free, available.Bytes);
            Assert.True(available.Bytes < before);
        }
        Assert.Equal(before, context.Memory().Free);
    }

    [Fact]
    public void Too_little_memory_is_an_error_with_numbers_and_nothing_stays_behind()
    {
        using CudaBench bench = CudaBench.Open();
        long free = bench.Backend.Memory.Available.Bytes, held = bench.Backend.BytesHeld;
        var layout = new KvLayout(1, 1, 1, 64, 16, KvType.F16);
        int blocks = (int)Math.Min(int.MaxValue, free / bench.Backend.Memory.KvBlockBytes(layout) + 1000);
        InsufficientDeviceMemoryException exception = Assert.Throws<InsufficientDeviceMemoryException>(() => bench.Backend.CreateKvStore(layout, blocks));
        Assert.True(exception.NeededBytes > exception.AvailableBytes);
        Assert.Equal(held, bench.Backend.BytesHeld);
    }
}

/// <summary>Tests that no other test may run beside.</summary>
[CollectionDefinition(nameof(DeviceAlone), DisableParallelization = true)]
public sealed class DeviceAlone;
