using System.Runtime.InteropServices;
using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>
/// The rate of NVIDIA's own matrix product, where its library is: what kernels for many rows are divided by. Only this benchmark
/// loads it; the engine never does.
/// </summary>
internal static unsafe class CuBlas
{
    private const int Transposed = 1, Plain = 0, BFloat16 = 14, SumsInFloat32 = 68, AnyAlgorithm = -1, Size = 8192;

    private static readonly string[] s_names = ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so", "cublas64_13.dll", "cublas64_12.dll"];

    private static readonly string[] s_folders = ["", "/usr/local/cuda/lib64/", "/usr/local/cuda/targets/x86_64-linux/lib/"];

    /// <summary>Times a product of two square matrices of bfloat16; null, with the reason, where it cannot.</summary>
    public static Measurement? Measure(GpuRig rig, out string reason)
    {
        reason = "";
        if (CudaDriver.IsSoftware)
            reason = "not on the software device";
        else if (!TryLoad(out nint library))
            reason = "not present";
        else
            return Measure(rig, library);
        return null;
    }

    private static bool TryLoad(out nint library)
    {
        library = 0;
        foreach (string folder in s_folders)
        {
            foreach (string name in s_names)
            {
                if (NativeLibrary.TryLoad(folder + name, out library))
                    return true;
            }
        }
        return false;
    }

    private static Measurement Measure(GpuRig rig, nint library)
    {
        var create = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cublasCreate_v2");
        var setStream = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cublasSetStream_v2");
        var multiply = (delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, int, ulong, int, int, float*, ulong, int, int, int, int, int>)
            NativeLibrary.GetExport(library, "cublasGemmEx");
        var destroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cublasDestroy_v2");
        const long Bytes = 2L * Size * Size;
        ulong a = rig.Allocate(Bytes, TensorType.BF16), b = rig.Allocate(Bytes, TensorType.BF16), c = rig.Allocate(Bytes, TensorType.BF16);
        nint created;
        Check(create(&created), "cublasCreate_v2");
        nint handle = created;
        Check(setStream(handle, rig.Stream.Handle), "cublasSetStream_v2");
        double seconds = rig.TimeDirectly(() =>
        {
            float one = 1, zero = 0;
            Check(multiply(handle, Transposed, Plain, Size, Size, Size, &one, a, BFloat16, Size, b, BFloat16, Size, &zero, c, BFloat16, Size,
                SumsInFloat32, AnyAlgorithm), "cublasGemmEx");
        });
        Check(destroy(handle), "cublasDestroy_v2");
        rig.Free();
        return new Measurement("cuBLAS", $"bfloat16, {Size} x {Size} x {Size}", seconds, Operations: 2.0 * Size * Size * Size);
    }

    private static void Check(int status, string function)
    {
        if (status != 0)
            throw new InvalidOperationException($"{function} failed with status {status}.");
    }
}
