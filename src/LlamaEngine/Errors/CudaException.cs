namespace LlamaEngine;

/// <summary>A call of the CUDA driver failed.</summary>
/// <remarks>
/// Kernels run behind the caller's back: what went wrong in one surfaces at some later call. After an error of a kernel the
/// device's context is of no more use to this process.
/// </remarks>
public sealed class CudaException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="call">The driver's function, for example <c>cuStreamSynchronize</c>.</param>
    /// <param name="code">The status it gave.</param>
    /// <param name="name">The status's name, for example <c>CUDA_ERROR_ILLEGAL_ADDRESS</c>.</param>
    /// <param name="meaning">The driver's explanation of it.</param>
    /// <param name="message">All of it in words.</param>
    public CudaException(string call, int code, string name, string meaning, string message)
        : base(message)
    {
        Call = call;
        Code = code;
        Name = name;
        Meaning = meaning;
    }

    /// <summary>The driver's function.</summary>
    public string Call { get; }

    /// <summary>The status it gave.</summary>
    public int Code { get; }

    /// <summary>The status's name.</summary>
    public string Name { get; }

    /// <summary>The driver's explanation of it.</summary>
    public string Meaning { get; }
}
