using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LlamaEngine.AspNetCore.Json;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Errors;

/// <summary>Writes errors as OpenAI's API does: <c>{"error": {"message", "type", "param", "code"}}</c>.</summary>
internal static class ErrorEnvelope
{
    /// <summary>Writes the object.</summary>
    public static void Write(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        // What was cut may end in half a character, which JSON cannot carry.
        json.WriteString("message"u8, Encoding.UTF8.GetBytes(error.Message));
        json.WriteString("type"u8, error.Type);
        WriteOrNull("param"u8, error.Parameter);
        WriteOrNull("code"u8, error.Code);
        json.WriteEndObject();
        json.WriteEndObject();

        void WriteOrNull(ReadOnlySpan<byte> name, string? value)
        {
            if (value is null)
                json.WriteNull(name);
            else
                json.WriteString(name, Encoding.UTF8.GetBytes(value));
        }
    }

    /// <summary>Answers a request with an error; nothing may have been sent yet.</summary>
    public static Task RespondAsync(HttpContext context, ApiException error)
    {
        context.Response.Clear();
        context.Response.StatusCode = error.Status;
        if (error.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        if (error.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, JsonStyle.Writer))
            Write(json, error);
        return JsonStyle.RespondAsync(context, body.WrittenMemory);
    }
}
