using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Json;

/// <summary>How replies are written: without white space, and with no more escapes than JSON demands.</summary>
internal static class JsonStyle
{
    /// <summary>For writers.</summary>
    public static JsonWriterOptions Writer { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bytes of an object.</summary>
    public static ReadOnlyMemory<byte> Encode(JsonObject value)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, Writer))
            value.WriteTo(json);
        return body.WrittenMemory;
    }

    /// <summary>Sends bytes of JSON as the body of a reply.</summary>
    public static async Task RespondAsync(HttpContext context, ReadOnlyMemory<byte> utf8)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = utf8.Length;
        await context.Response.Body.WriteAsync(utf8, context.RequestAborted).ConfigureAwait(false);
    }
}
