using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Sampling.Structured.Schemas;

namespace LlamaEngine.Tools;

/// <summary>The JSON schema of a call that a model has to make.</summary>
internal static class ForcedCall
{
    private const string References = "$ref";

    /// <summary>The schema of a call of one of the functions.</summary>
    /// <param name="tools">The functions; at least one.</param>
    /// <param name="arguments">What the format calls the arguments.</param>
    /// <param name="pointer">Where the schema will stand in its document, as a JSON pointer, so that references stay right.</param>
    public static JsonObject Schema(ImmutableArray<ToolDefinition> tools, string arguments, string pointer = "")
    {
        if (tools is [var one])
            return Schema(one, arguments, pointer);
        return new JsonObject
        {
            ["anyOf"] = new JsonArray([.. tools.Select((tool, index) => Schema(tool, arguments, $"{pointer}/anyOf/{index}"))]),
        };
    }

    private static JsonObject Schema(ToolDefinition tool, string arguments, string pointer) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["name"] = new JsonObject { ["const"] = tool.Name },
            [arguments] = Parameters(tool, $"{pointer}/properties/{arguments}"),
        },
        ["required"] = new JsonArray("name", arguments),
        ["additionalProperties"] = false,
    };

    /// <summary>The schema of a function's arguments, which are an object whether it says so or not, and nothing else it may allow.</summary>
    /// <exception cref="UnsupportedSchemaException">It allows no object.</exception>
    private static JsonObject Parameters(ToolDefinition tool, string pointer)
    {
        if (tool.Parameters.ValueKind == JsonValueKind.Undefined)
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = false };
        JsonObject schema = JsonNode.Parse(tool.Parameters.GetRawText())!.AsObject();
        schema.Remove("$schema"); // it is part of another document now
        if (schema["type"] is { } type && !AllowsObject(type))
            throw new UnsupportedSchemaException(pointer, "type", $"the arguments of the tool '{tool.Name}' are an object.");
        schema["type"] = "object";
        MoveReferences(schema, pointer, isMap: false);
        return schema;
    }

    private static bool AllowsObject(JsonNode type) =>
        (type as JsonArray ?? [type.DeepClone()]).Any(one => one is JsonValue value && value.TryGetValue(out string? name) && name == "object");

    /// <summary>Has references that begin at the document's root begin where the schema stands now.</summary>
    /// <param name="isMap">Its members are schemas by names that are no keywords.</param>
    private static void MoveReferences(JsonNode? node, string pointer, bool isMap)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
                MoveReferences(item, pointer, isMap: false);
        }
        if (node is not JsonObject schema)
            return;
        if (!isMap && schema[References] is JsonValue value && value.TryGetValue(out string? target) && (target == "#" || target.StartsWith("#/", StringComparison.Ordinal)))
            schema[References] = $"#{pointer}{target[1..]}";
        foreach ((string name, JsonNode? part) in schema)
        {
            if (isMap || !SchemaReferences.IsValue(name))
                MoveReferences(part, pointer, isMap: !isMap && SchemaReferences.IsMap(name));
        }
    }
}
