using System.Diagnostics.CodeAnalysis;

namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>Turns the driver's statuses into exceptions.</summary>
internal static unsafe class CudaStatus
{
    /// <summary>CUDA_ERROR_OUT_OF_MEMORY.</summary>
    public const int OutOfMemory = 2;

    /// <summary>CUDA_ERROR_NOT_READY: no error, the work is under way.</summary>
    public const int NotReady = 600;

    /// <summary>CUDA_ERROR_NOT_FOUND.</summary>
    public const int NotFound = 500;

    // From here on stand the errors of kernels, and the unknown one: they belong to work that was enqueued before.
    private const int FirstOfKernels = 700;

    /// <summary>Throws where a call failed.</summary>
    /// <param name="status">What it gave.</param>
    /// <param name="call">Its name in the driver API.</param>
    /// <exception cref="CudaException">It failed.</exception>
    public static void Check(int status, string call)
    {
        if (status != 0)
            Throw(status, call);
    }

    /// <summary>A status in words: name, code, meaning.</summary>
    public static string Describe(int status) => $"{Name(status)} ({status}: {Meaning(status)})";

    /// <summary>The exception for a failed call.</summary>
    /// <param name="detail">What the caller knows beyond the status; empty: nothing.</param>
    public static CudaException Exception(int status, string call, string detail = "")
    {
        string later = status >= FirstOfKernels ? " Errors of kernels surface at later calls, so the cause may lie in work enqueued before." : "";
        string report = CudaDriver.SoftwareReport();
        string message = $"{call} failed with {Describe(status)}.{later}{Sentence(detail)}{Sentence(report)}";
        return new CudaException(call, status, Name(status), Meaning(status), message);
    }

    [DoesNotReturn]
    private static void Throw(int status, string call) => throw Exception(status, call);

    private static string Sentence(string text) => text.Length == 0 ? "" : " " + text.TrimEnd();

    private static string Name(int status)
    {
        byte* text = null;
        return NativeMethods.GetErrorName(status, &text) == 0 && text != null ? CudaDriver.Text(text) : "CUDA_ERROR";
    }

    private static string Meaning(int status)
    {
        byte* text = null;
        return NativeMethods.GetErrorString(status, &text) == 0 && text != null ? CudaDriver.Text(text) : "a status this driver does not know";
    }
}
