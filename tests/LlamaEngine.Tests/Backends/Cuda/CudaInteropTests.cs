using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>The driver binding, at its raw boundary and above.</summary>
[Collection(nameof(DeviceAlone))]
public sealed unsafe class CudaInteropTests
{
    [Fact]
    public void Structs_have_the_sizes_of_kernels_h()
    {
        // 8-byte pointers and 64-bit numbers, 4-byte everything else, padded to the largest member.
        Assert.Equal(16, Unsafe.SizeOf<PlanSequence>());
        Assert.Equal(4 * 8 + 8 + 4 * 4, Unsafe.SizeOf<EmbedArguments>());
        Assert.Equal(4 * 8 + 6 * 4, Unsafe.SizeOf<RmsNormArguments>());
        Assert.Equal(5 * 8 + 5 * 4 + 4, Unsafe.SizeOf<LinearArguments>());
        Assert.Equal(3 * 8 + 4 * 4, Unsafe.SizeOf<RoundRowsArguments>());
        Assert.Equal(6 * 8 + 5 * 4 + 4, Unsafe.SizeOf<LinearManyArguments>());
        Assert.Equal(5 * 8 + 4 * 4, Unsafe.SizeOf<CacheView>());
        Assert.Equal(56 + 4 * 8 + 6 * 4, Unsafe.SizeOf<RotateAndStoreArguments>());
        Assert.Equal(56 + 7 * 8 + 8 * 4 + 8 + 2 * 4, Unsafe.SizeOf<AttendArguments>());
        Assert.Equal(2 * 8 + 4 * 4, Unsafe.SizeOf<SwiGluArguments>());
        Assert.Equal(3 * 8 + 4 * 4, Unsafe.SizeOf<SelectRowsArguments>());
        Assert.Equal(8 * 8 + 4 * 4, Unsafe.SizeOf<SampleArguments>());
    }

    [Theory]
    [InlineData(11080, 8, 0, "11.8")]
    [InlineData(11080, 9, 0, "12.0 or newer")]
    [InlineData(12000, 7, 5, "7.5")]
    [InlineData(13000, 7, 5, "8.0 (Ampere) or newer")]
    public void Old_drivers_and_devices_are_refused_with_what_is_there_and_what_is_needed(int driver, int major, int minor, string part) =>
        Assert.Contains(part, KernelSet.Obstacle(driver, new Version(major, minor)));

    [Theory]
    [InlineData(8, 0, "sm_80")]
    [InlineData(8, 9, "sm_80")]
    [InlineData(9, 0, "sm_90a")]
    [InlineData(10, 0, "sm_80")]
    [InlineData(12, 0, "sm_80")]
    public void The_set_for_Hopper_goes_to_9_0_alone(int major, int minor, string target)
    {
        Assert.Null(KernelSet.Obstacle(12000, new Version(major, minor)));
        Assert.Equal(target, KernelSet.TargetFor(new Version(major, minor)));
    }

    [Fact]
    public void Without_a_driver_the_answer_is_typed()
    {
        if (CudaDriver.Problem is not { } problem)
        {
            Assert.Skip("this process has a CUDA driver");
            return;
        }
        Assert.Contains(CudaDriver.LibraryName, problem);
        Assert.Equal(0, CudaDriver.DeviceCount);
        DeviceUnavailableException exception = Assert.Throws<DeviceUnavailableException>(() => CudaContext.Open(0));
        Assert.Contains(CudaDriver.LibraryName, exception.Message);
    }

    [Fact]
    public void Bad_input_is_refused_at_the_raw_boundary()
    {
        KernelBench.SkipWithoutDevice();
        int device;
        Assert.NotEqual(0, NativeMethods.DeviceGet(&device, -1));
        Assert.NotEqual(0, NativeMethods.DeviceGet(&device, 1 << 20));
        using CudaContext context = CudaContext.Open(0);
        context.MakeCurrent();
        ulong address;
        Assert.NotEqual(0, NativeMethods.MemoryAllocate(&address, 0));
        Assert.Equal(CudaStatus.OutOfMemory, NativeMethods.MemoryAllocate(&address, (nuint)1 << 60));
        nint module;
        fixed (byte* text = "this is no PTX\0"u8)
            Assert.NotEqual(0, NativeMethods.ModuleLoad(&module, text, 0, null, null));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << 20)]
    public void A_device_that_does_not_exist_is_unavailable(int ordinal)
    {
        KernelBench.SkipWithoutDevice();
        DeviceUnavailableException exception = Assert.Throws<DeviceUnavailableException>(() => CudaContext.Open(ordinal));
        Assert.Contains($"cuda:{ordinal}", exception.Message);
        Assert.Contains("cuda:0", exception.Found);
    }

    [Fact]
    public void The_device_describes_itself()
    {
        KernelBench.SkipWithoutDevice();
        CudaDevice device = CudaDevice.Get(0);
        Assert.NotEmpty(device.Name);
        Assert.NotEqual(Guid.Empty, device.Uuid);
        Assert.Matches("^[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}", device.PciBusId);
        Assert.True(device.MemoryBytes > 0 && device.Multiprocessors > 0 && device.SharedBytesPerBlock >= 48 * 1024);
        Assert.True(CudaDriver.Version >= 12000);
    }

    [Fact]
    public void Too_much_memory_is_an_error_with_numbers()
    {
        KernelBench.SkipWithoutDevice();
        using CudaContext context = CudaContext.Open(0);
        long bytes = 1L << 50;
        InsufficientDeviceMemoryException exception = Assert.Throws<InsufficientDeviceMemoryException>(() => new DeviceBuffer(context, bytes));
        Assert.Equal(bytes, exception.NeededBytes);
        Assert.InRange(exception.AvailableBytes, 1, context.Device.MemoryBytes);
    }

    [Fact]
    public void Copies_and_fills_run_in_order()
    {
        KernelBench.SkipWithoutDevice();
        using CudaContext context = CudaContext.Open(0);
        using CudaStream stream = new(context), other = new(context);
        using CudaEvent mark = new(context), start = new(context, timing: true), end = new(context, timing: true);
        using DeviceBuffer a = new(context, 1000), b = new(context, 1000);
        using PinnedBuffer host = new(context, 1000);
        new Span<byte>(host.Data, 1000).Fill(7);
        stream.Record(start);
        stream.CopyToDevice(a.Address, host.Data, 1000);
        stream.Fill(a.Address + 10, 9, 5);
        stream.FillWords(a.Address + 100, 0x01020304, 3);
        stream.Record(mark);
        other.Wait(mark);
        other.CopyOnDevice(b.Address, a.Address, 1000);
        other.CopyToHost(host.Data, b.Address, 1000);
        other.Synchronize();
        stream.Record(end);
        end.Synchronize();

        byte[] expected = new byte[1000];
        expected.AsSpan().Fill(7);
        expected.AsSpan(10, 5).Fill(9);
        for (int word = 0; word < 3; word++)
            new byte[] { 4, 3, 2, 1 }.CopyTo(expected, 100 + 4 * word);
        Assert.Equal(expected, new Span<byte>(host.Data, 1000).ToArray());
        Assert.True(mark.IsReached);
        Assert.True(end.MillisecondsSince(start) >= 0);
    }

    [Fact]
    public void A_recorded_copy_runs_when_its_graph_is_launched()
    {
        KernelBench.SkipWithoutDevice();
        using CudaContext context = CudaContext.Open(0);
        using CudaStream stream = new(context);
        using DeviceBuffer a = new(context, 64), b = new(context, 64);
        stream.Fill(a.Address, 1, 64);
        stream.Fill(b.Address, 0, 64);
        stream.BeginCapture();
        stream.CopyOnDevice(b.Address, a.Address, 64);
        using CudaGraph graph = stream.EndCapture();
        Assert.All(Read(stream, b), value => Assert.Equal(0, value));
        for (byte turn = 1; turn < 4; turn++)
        {
            stream.Fill(a.Address, turn, 64);
            stream.Launch(graph);
            Assert.All(Read(stream, b), value => Assert.Equal(turn, value));
        }
    }

    [Fact]
    public void What_was_disposed_is_refused_and_memory_is_given_back()
    {
        KernelBench.SkipWithoutDevice();
        using CudaContext context = CudaContext.Open(0);
        using CudaStream stream = new(context);
        long free = context.Memory().Free;
        DeviceBuffer buffer = new(context, 64 << 20);
        Assert.True(context.Memory().Free < free);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
        Assert.True(context.Memory().Free > free - (32 << 20)); // Tests beside this one take a little.
        CudaStream gone = new(context);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(gone.Synchronize);
    }

    [Fact]
    public void Failures_name_call_code_and_meaning()
    {
        KernelBench.SkipWithoutDevice();
        using CudaContext context = CudaContext.Open(0);
        CudaException exception = Assert.Throws<CudaException>(() => CudaModule.Load(context, "this is no PTX"u8));
        Assert.Equal("cuModuleLoadDataEx", exception.Call);
        Assert.NotEqual(0, exception.Code);
        Assert.StartsWith("CUDA_ERROR_", exception.Name);
        Assert.Contains(exception.Name, exception.Message);
        Assert.Contains(exception.Meaning, exception.Message);
    }

    [Fact]
    public void A_kernel_that_does_not_exist_is_named()
    {
        using KernelBench bench = KernelBench.Open();
        CudaException exception = Assert.Throws<CudaException>(() => bench.Kernels.Get("no_such_kernel"));
        Assert.Contains("no_such_kernel", exception.Message);
        Assert.Equal(CudaStatus.NotFound, exception.Code);
    }

    private static byte[] Read(CudaStream stream, DeviceBuffer buffer)
    {
        byte[] bytes = new byte[buffer.Bytes];
        fixed (byte* destination = bytes)
            stream.CopyToHost(destination, buffer.Address, bytes.Length);
        stream.Synchronize();
        return bytes;
    }
}
