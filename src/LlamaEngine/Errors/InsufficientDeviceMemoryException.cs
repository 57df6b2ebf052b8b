namespace LlamaEngine;

/// <summary>The model, its KV cache or its workspace does not fit into the memory this process may use.</summary>
/// <remarks>Named apart from the framework's sealed <see cref="System.InsufficientMemoryException"/>.</remarks>
public sealed class InsufficientDeviceMemoryException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="neededBytes">Bytes needed.</param>
    /// <param name="availableBytes">Bytes available.</param>
    /// <param name="remedy">Which option to change, for example <c>Lower EngineOptions.ContextLength.</c></param>
    public InsufficientDeviceMemoryException(long neededBytes, long availableBytes, string remedy)
        : base($"{neededBytes:N0} bytes are needed, {availableBytes:N0} are available. {remedy}")
    {
        NeededBytes = neededBytes;
        AvailableBytes = availableBytes;
    }

    /// <summary>Bytes needed.</summary>
    public long NeededBytes { get; }

    /// <summary>Bytes available.</summary>
    public long AvailableBytes { get; }
}
