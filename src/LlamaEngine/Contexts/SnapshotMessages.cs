using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Contexts;

/// <summary>The messages of a conversation as the bytes of a JSON array, in the form that Microsoft.Extensions.AI gives them.</summary>
internal static class SnapshotMessages
{
    // The library's own metadata: no reflection.
    private static JsonTypeInfo<ChatMessage> Type => (JsonTypeInfo<ChatMessage>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ChatMessage));

    /// <summary>The messages as UTF-8; nothing for none.</summary>
    public static byte[] Write(ImmutableArray<ChatMessage> messages)
    {
        if (messages.IsEmpty)
            return [];
        JsonArray array = [];
        foreach (ChatMessage message in messages)
            array.Add(JsonSerializer.SerializeToNode(message, Type));
        return Encoding.UTF8.GetBytes(array.ToJsonString());
    }

    /// <summary>Reads what <see cref="Write"/> gave.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static ImmutableArray<ChatMessage> Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return [];
        try
        {
            if (JsonNode.Parse(bytes) is not JsonArray { Count: > 0 } array)
                throw new JsonException("The messages are no JSON array, or an empty one.");
            return [.. array.Select(message => message.Deserialize(Type) ?? throw new JsonException("A message is null."))];
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            // What the serializer throws for contents of unknown kinds and for keys that appear twice.
            throw new JsonException(exception.Message, exception);
        }
    }
}
