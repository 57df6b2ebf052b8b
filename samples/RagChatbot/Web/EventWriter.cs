using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace RagChatbot.Web;

/// <summary>A reply of server-sent events, each one JSON object, sent as it is written.</summary>
internal sealed class EventWriter
{
    private readonly HttpContext _context;

    private EventWriter(HttpContext context) => _context = context;

    /// <summary>Begins the reply: from here on, what goes wrong is an event.</summary>
    public static async Task<EventWriter> StartAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // NGINX would wait for more
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(context.RequestAborted);
        return new EventWriter(context);
    }

    /// <summary>Sends an event; returns when the connection has taken it.</summary>
    public async Task WriteAsync<T>(string name, T value, JsonTypeInfo<T> type)
    {
        string json = JsonSerializer.Serialize(value, type); // one line: JSON escapes the ends of lines within strings
        await _context.Response.WriteAsync($"event: {name}\ndata: {json}\n\n", _context.RequestAborted);
        await _context.Response.Body.FlushAsync(_context.RequestAborted);
    }
}
