using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>How fast memory is copied: what memory-bound kernels are divided by.</summary>
internal static unsafe class CopyRates
{
    /// <summary>A copy on the device; its bytes are those read and those written.</summary>
    public static Measurement OnDevice(GpuRig rig)
    {
        long bytes = rig.Quick ? 1 << 20 : Math.Min(2L << 30, rig.Context.Memory().Free / 4);
        ulong source = rig.Allocate(bytes, TensorType.Q8_0), destination = rig.Allocate(bytes, TensorType.Q8_0);
        double seconds = rig.TimeDirectly(() => rig.Stream.CopyOnDevice(destination, source, bytes));
        rig.Free();
        return new Measurement("copy on the device", $"{bytes >> 20} MiB, read and written", seconds, 2.0 * bytes);
    }

    /// <summary>A copy from pinned host memory.</summary>
    public static Measurement FromHost(GpuRig rig)
    {
        long bytes = rig.Quick ? 1 << 20 : 256L << 20;
        using PinnedBuffer source = new(rig.Context, bytes);
        new Span<byte>(source.Data, (int)bytes).Fill(1);
        ulong destination = rig.Allocate(bytes, TensorType.Q8_0);
        double seconds = rig.TimeDirectly(() => rig.Stream.CopyToDevice(destination, source.Data, bytes));
        rig.Free();
        return new Measurement("copy from pinned host memory", $"{bytes >> 20} MiB", seconds, bytes);
    }
}
