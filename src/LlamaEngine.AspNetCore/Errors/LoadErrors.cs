using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Errors;

/// <summary>What a request is told when its model cannot be had. Where the model lies, and what is wrong with its files, only the log says.</summary>
internal static class LoadErrors
{
    /// <summary>The error for a request.</summary>
    /// <param name="model">The model's name.</param>
    public static ApiException Translate(Exception exception, string model) => exception switch
    {
        InsufficientDeviceMemoryException => Unavailable($"There is not enough memory for the model '{model}' now.", "insufficient_memory", exception),
        ObjectDisposedException => Unavailable("The server is shutting down.", "shutting_down", exception),
        DeviceUnavailableException => Failed($"The device of the model '{model}' cannot be used.", exception),
        UnsupportedModelException => Failed($"The model '{model}' asks for something that is not supported.", exception),
        ModelFormatException => Failed($"The files of the model '{model}' are damaged.", exception),
        FileNotFoundException or DirectoryNotFoundException => Failed($"The files of the model '{model}' are not there.", exception),
        _ => Failed($"The model '{model}' could not be loaded.", exception),
    };

    /// <summary>Something that passes: 503.</summary>
    public static ApiException Unavailable(string message, string code, Exception? cause = null) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", message, code: code) { Cause = cause };

    private static ApiException Failed(string message, Exception cause) =>
        new(StatusCodes.Status500InternalServerError, "server_error", message, "model", "model_load_failed") { Cause = cause };
}
