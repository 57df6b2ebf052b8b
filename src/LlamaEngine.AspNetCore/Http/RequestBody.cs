using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>Reads the JSON object that a request carries.</summary>
internal static class RequestBody
{
    /// <summary>The object.</summary>
    /// <exception cref="ApiException">It is not JSON, or compressed (415), too long (413), or no object (400).</exception>
    public static async Task<JsonObject> ReadAsync(HttpRequest request, ServerLimits limits, CancellationToken cancellation)
    {
        RequireJson(request.ContentType);
        RequirePlain(request);
        // What is read is counted here. The host's own limit counts the frames of chunks too, and cuts the connection of a client that sends too much
        // before it has read the answer.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } host)
            host.MaxRequestBodySize = null;
        if (request.ContentLength > limits.BodyBytes)
            throw TooLong(limits);
        while (true)
        {
            ReadResult read = await ReadMoreAsync(request, cancellation).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (buffer.Length > limits.BodyBytes)
                throw TooLong(limits);
            if (read.IsCompleted)
            {
                try
                {
                    return JsonBody.Parse(buffer.IsSingleSegment ? buffer.FirstSpan : buffer.ToArray(), limits.Depth);
                }
                finally
                {
                    request.BodyReader.AdvanceTo(buffer.End);
                }
            }
            request.BodyReader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Refuses a body that is compressed. An app that decompresses them takes the header away.</summary>
    /// <exception cref="ApiException">It is (415).</exception>
    public static void RequirePlain(HttpRequest request)
    {
        if (request.Headers.ContentEncoding is [{ Length: > 0 } encoding, ..] && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "invalid_request_error",
                $"Bodies are read as they are: the Content-Encoding '{Untrusted.Show(encoding)}' is not supported.", code: "unsupported_media_type");
    }

    private static async ValueTask<ReadResult> ReadMoreAsync(HttpRequest request, CancellationToken cancellation)
    {
        try
        {
            return await request.BodyReader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw new OperationCanceledException("The client has gone.", exception);
        }
    }

    private static void RequireJson(string? contentType)
    {
        bool isJson = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        if (!isJson)
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "invalid_request_error",
                "The Content-Type must be application/json, in UTF-8.", code: "unsupported_media_type");
    }

    private static ApiException TooLong(ServerLimits limits) => new(
        StatusCodes.Status413PayloadTooLarge, "invalid_request_error", $"The body is longer than {limits.BodyBytes} bytes.", code: "body_too_large");
}
