using System.Buffers;
using System.Text.Json;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>
/// A line of the output: <c>{"id", "custom_id", "response": {"status_code", "request_id", "body"}, "error"}</c>; of response and error
/// one is null.
/// </summary>
/// <remarks>The ids come from the batch and the item's place in it, so a result that is written again is the same.</remarks>
internal static class ResultLine
{
    /// <summary>An item that was run.</summary>
    /// <param name="batch">What names the batch within ids.</param>
    public static ReadOnlyMemory<byte> Of(string batch, int index, string customId, ItemReply reply) => Write(batch, index, customId, writer =>
    {
        writer.WriteStartObject("response");
        writer.WriteNumber("status_code", reply.StatusCode);
        writer.WriteString("request_id", $"req_{batch}_{index}");
        writer.WritePropertyName("body");
        reply.Body.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteNull("error");
    });

    /// <summary>An item that was not run.</summary>
    /// <param name="code">Why, for programs: <c>batch_expired</c>.</param>
    /// <param name="message">Why, for people.</param>
    public static ReadOnlyMemory<byte> NotRun(string batch, int index, string? customId, string code, string message) =>
        Write(batch, index, customId, writer =>
        {
            writer.WriteNull("response");
            writer.WriteStartObject("error");
            writer.WriteString("code", code);
            writer.WriteString("message", message);
            writer.WriteEndObject();
        });

    private static ReadOnlyMemory<byte> Write(string batch, int index, string? customId, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter writer = new(buffer, JsonStyle.Writer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", $"batch_req_{batch}_{index}");
            writer.WriteString("custom_id", customId);
            write(writer);
            writer.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
