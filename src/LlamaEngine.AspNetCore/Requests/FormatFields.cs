using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Reads <c>response_format</c>: text, a JSON object, or JSON that a schema accepts.</summary>
/// <remarks>A schema always holds strictly, whether <c>strict</c> is true or false; what cannot be guaranteed is refused.</remarks>
internal static partial class FormatFields
{
    /// <summary>Where the schema stands in a body.</summary>
    public const string SchemaPath = $"{Name}.json_schema.schema";

    private const string Name = "response_format";

    /// <summary>The format; null: free text.</summary>
    public static ResponseFormat? Read(RequestFields fields)
    {
        if (fields.Take(Name) is not { } given)
            return null;
        var format = new RequestFields(JsonRead.Object(given, Name), Name);
        ResponseFormat? read = JsonRead.Text(format.Require("type"), format.PathOf("type")) switch
        {
            "text" => null,
            "json_object" => ResponseFormat.JsonObject,
            "json_schema" => ReadSchema(format),
            _ => throw RequestFields.NotSupported(format.PathOf("type"), "text, json_object and json_schema"),
        };
        format.RefuseOthers();
        return read;
    }

    private static ResponseFormat ReadSchema(RequestFields format)
    {
        string path = format.PathOf("json_schema");
        var schema = new RequestFields(JsonRead.Object(format.Require("json_schema"), path), path);
        string name = JsonRead.Text(schema.Require("name"), schema.PathOf("name"));
        if (!SchemaName().IsMatch(name))
            throw ApiException.Invalid($"'{schema.PathOf("name")}' must have 1 to 64 letters, digits, _ and -.", schema.PathOf("name"), "invalid_value");
        _ = schema.Text("description"); // a label, like the name
        _ = schema.Flag("strict");
        JsonNode text = schema.Require("schema");
        if (text is not (JsonObject or JsonValue) || JsonRead.IsText(text) || JsonRead.IsNumber(text))
            throw JsonRead.Wrong(text, SchemaPath, "a JSON schema: an object, true or false");
        schema.RefuseOthers();
        using JsonDocument document = JsonDocument.Parse(text.ToJsonString());
        return ResponseFormat.JsonSchema(document.RootElement, name);
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex SchemaName();
}
