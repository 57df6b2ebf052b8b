using System.Text.Json;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Security;
using LlamaEngine.Scheduling;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>
/// A reply of server-sent events, each one JSON object: written straight into the connection's buffer, sent when it is complete. The reply
/// begins with the first event, so that what goes wrong before has a status of its own.
/// </summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class EventStream(HttpContext context, RequestControl control, UpdatePace pace) : IEventWriter, IAsyncDisposable
{
    private Utf8JsonWriter? _json;
    private bool _isOpen;

    /// <summary>The first event has been begun.</summary>
    public bool HasBegun => _json is not null;

    /// <inheritdoc/>
    public UpdatePace Pace => pace;

    /// <inheritdoc/>
    public Utf8JsonWriter Begin()
    {
        if (_json is null)
            Start();
        Close();
        Write("data: "u8);
        _json!.Reset(context.Response.BodyWriter);
        _isOpen = true;
        return _json;
    }

    /// <inheritdoc/>
    public ValueTask SendAsync(CancellationToken cancellation)
    {
        if (!_isOpen)
            return ValueTask.CompletedTask;
        Close();
        return FlushAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Note(int tokens) => control.Add(tokens);

    /// <summary>Says that all has been said.</summary>
    public ValueTask EndAsync(CancellationToken cancellation)
    {
        if (_json is null)
            Start();
        Write("data: [DONE]\n\n"u8);
        return FlushAsync(cancellation);
    }

    /// <summary>Says what went wrong, as the last event.</summary>
    public ValueTask FailAsync(ApiException error, CancellationToken cancellation)
    {
        ErrorEnvelope.Write(Begin(), error);
        return SendAsync(cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _json?.Reset(Stream.Null); // what was begun and not sent is not to be sent
        return _json?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>Ends the event that was begun last.</summary>
    private void Close()
    {
        if (!_isOpen)
            return;
        _json!.Flush();
        Write("\n\n"u8);
        _isOpen = false;
    }

    private void Start()
    {
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // NGINX would wait for more
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        _json = new Utf8JsonWriter(response.BodyWriter, JsonStyle.Writer);
    }

    /// <summary>Returns when the connection has taken the event into its buffer; a slow reader's takes no more until it has read.</summary>
    private async ValueTask FlushAsync(CancellationToken cancellation)
    {
        System.IO.Pipelines.FlushResult result = await context.Response.BodyWriter.FlushAsync(cancellation).ConfigureAwait(false);
        if (result.IsCompleted || result.IsCanceled)
            throw new OperationCanceledException("The client has gone.");
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(context.Response.BodyWriter.GetSpan(bytes.Length));
        context.Response.BodyWriter.Advance(bytes.Length);
    }
}
