using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tools;

/// <summary>A function that a model may ask its caller to run. Immutable.</summary>
public sealed record ToolDefinition
{
    /// <summary>Defines a function.</summary>
    /// <param name="name">What the model calls it.</param>
    /// <param name="description">What it does, for the model; empty: nothing is said.</param>
    /// <param name="parameters">JSON schema of its arguments, an object; undefined: it takes none.</param>
    /// <exception cref="ArgumentException">The name is empty, or the schema is no JSON object.</exception>
    public ToolDefinition(string name, string? description = null, JsonElement parameters = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (parameters.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
            throw new ArgumentException($"The parameters of the tool '{name}' must be a JSON schema, an object, not {parameters.ValueKind}.", nameof(parameters));
        Name = name;
        Description = description ?? "";
        Parameters = parameters.ValueKind == JsonValueKind.Undefined ? parameters : parameters.Clone();
    }

    /// <summary>What the model calls it.</summary>
    public string Name { get; }

    /// <summary>What it does, for the model.</summary>
    public string Description { get; }

    /// <summary>JSON schema of its arguments; undefined: it takes none.</summary>
    public JsonElement Parameters { get; }

    /// <summary>The definition of a function of Microsoft.Extensions.AI.</summary>
    public static ToolDefinition From(AIFunctionDeclaration function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new ToolDefinition(function.Name, function.Description, function.JsonSchema);
    }

    /// <summary>
    /// The tool as templates expect it, in OpenAI's shape. Description and parameters are always there, since templates read them
    /// without asking.
    /// </summary>
    internal JsonObject ToJson() => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = Name,
            ["description"] = Description,
            ["parameters"] = Parameters.ValueKind == JsonValueKind.Undefined
                ? new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() }
                : JsonObject.Create(Parameters),
        },
    };
}
