using System.Runtime.InteropServices;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>What the software device says about kernels with a mistake, as a caller of the binding sees it.</summary>
/// <remarks>A mistake spoils the whole context, so these tests have the second device to themselves.</remarks>
[Collection(nameof(DeviceAlone))]
public sealed unsafe class SoftwareDeviceTests
{
    [Theory]
    [InlineData("fault_read_past_end", 700, "out-of-bounds read of 4 bytes")]
    [InlineData("fault_write_past_end", 700, "out-of-bounds write of 4 bytes")]
    [InlineData("fault_misaligned", 716, "misaligned access of 16 bytes")]
    [InlineData("fault_missing_second_barrier", 719, "missing barrier: ")]
    [InlineData("fault_divergent_barrier", 719, "divergent barrier: ")]
    [InlineData("fault_uninitialized", 719, "uninitialized shared memory: read")]
    [InlineData("fault_missing_copy_wait", 719, "missing copy_wait: ")]
    public void A_mistake_is_reported_and_the_context_stays_failed(string kernel, int code, string report)
    {
        using CudaContext context = Open();
        using CudaModule module = CudaModule.Load(context, "simt-faults"u8);
        using CudaStream stream = new(context);
        using DeviceBuffer input = new(context, 1000 * sizeof(float)), output = new(context, 1000 * sizeof(float));
        stream.Fill(input.Address, 0, 1000 * sizeof(float));
        FaultArguments arguments = new() { Input = input.Address, Output = output.Address, Count = 1000 };
        stream.Launch(module.GetKernel(kernel), arguments, new Grid(kernel.Contains("past_end") ? 4 : 1), 256);
        CudaException exception = Assert.Throws<CudaException>(stream.Synchronize);
        Assert.Equal(code, exception.Code);
        Assert.Contains(report, exception.Message);
        Assert.Contains($"kernel {kernel}, block (", exception.Message);
        Assert.Equal(code, Assert.Throws<CudaException>(context.Synchronize).Code);
        Assert.Equal(code, Assert.Throws<CudaException>(() => new DeviceBuffer(context, 16)).Code);
    }

    [Fact]
    public void A_context_made_anew_is_sound()
    {
        A_mistake_is_reported_and_the_context_stays_failed("fault_read_past_end", 700, "out-of-bounds read");
        using CudaContext context = Open();
        using CudaModule module = CudaModule.Load(context, "simt-faults"u8);
        using CudaStream stream = new(context);
        using DeviceBuffer input = new(context, 1000 * sizeof(float)), output = new(context, 1000 * sizeof(float));
        float[] values = Enumerable.Range(0, 1000).Select(i => (float)i).ToArray(), doubled = new float[1000];
        fixed (float* source = values, destination = doubled)
        {
            stream.CopyToDevice(input.Address, source, 1000 * sizeof(float));
            FaultArguments arguments = new() { Input = input.Address, Output = output.Address, Count = 1000 };
            stream.Launch(module.GetKernel("fault_none"), arguments, new Grid(4), 256);
            stream.CopyToHost(destination, output.Address, 1000 * sizeof(float));
            stream.Synchronize();
        }
        Assert.Equal(values.Select(v => 2 * v), doubled);
    }

    [Theory]
    [InlineData("embed_f32", typeof(EmbedArguments))]
    [InlineData("rms_norm", typeof(RmsNormArguments))]
    [InlineData("linear_few_f32", typeof(LinearArguments))]
    [InlineData("linear_many_f32", typeof(LinearArguments))]
    [InlineData("linear_many_q8_0", typeof(LinearManyArguments))]
    [InlineData("round_rows_f16", typeof(RoundRowsArguments))]
    [InlineData("rotate_and_store_f16", typeof(RotateAndStoreArguments))]
    [InlineData("attend_decode_f16", typeof(AttendArguments))]
    [InlineData("attend_prefill_f16", typeof(AttendArguments))]
    [InlineData("swiglu", typeof(SwiGluArguments))]
    [InlineData("select_rows", typeof(SelectRowsArguments))]
    [InlineData("sample", typeof(SampleArguments))]
    public void Kernels_take_the_structs_of_this_side(string kernel, Type arguments)
    {
        SkipOnSilicon();
        nint size = NativeLibrary.GetExport(NativeLibrary.Load(CudaDriver.LibraryName), "simtKernelArgumentBytes");
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(kernel + '\0'))
            Assert.Equal(((delegate* unmanaged<byte*, int>)size)(name), Marshal.SizeOf(arguments));
    }

    private static CudaContext Open()
    {
        SkipOnSilicon();
        if (CudaDriver.DeviceCount < 2)
            Assert.Skip("needs a second software device (LLAMAENGINE_SIMT_DEVICES)");
        return CudaContext.Open(1);
    }

    private static void SkipOnSilicon()
    {
        KernelBench.SkipWithoutDevice();
        if (!CudaDriver.IsSoftware)
            Assert.Skip("needs the software device, and this process has another driver");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct FaultArguments
    {
        public ulong Input, Output;
        public int Count, Reserved;
    }
}
