namespace LlamaEngine;

/// <summary>The device that was asked for by name cannot be used. There is no silent fallback.</summary>
public sealed class DeviceUnavailableException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="requested">The device asked for.</param>
    /// <param name="found">What there is.</param>
    /// <param name="reason">Why the device cannot be used.</param>
    public DeviceUnavailableException(string requested, string found, string reason)
        : base($"Device '{requested}' is not available (found: {found}): {reason}")
    {
        Requested = requested;
        Found = found;
        Reason = reason;
    }

    /// <summary>The device asked for.</summary>
    public string Requested { get; }

    /// <summary>What there is.</summary>
    public string Found { get; }

    /// <summary>Why the device cannot be used.</summary>
    public string Reason { get; }
}
