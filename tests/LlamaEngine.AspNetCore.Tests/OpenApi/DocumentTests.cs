using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>The document by itself: an OpenAPI document whose parts hang together.</summary>
public sealed partial class DocumentTests
{
    // The lines of files, which no operation has in its body.
    private static readonly string[] s_lines = ["#/components/schemas/BatchRequestLine", "#/components/schemas/BatchResultLine"];

    private static readonly JsonElement s_root = ApiDocument.Root;

    [Fact]
    public void It_has_the_version_of_OpenAPI_and_of_the_library()
    {
        Assert.Equal("3.1.0", s_root.GetProperty("openapi").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$", s_root.GetProperty("info").GetProperty("version").GetString());
        Assert.False(string.IsNullOrEmpty(s_root.GetProperty("info").GetProperty("title").GetString()));
        Assert.Subset(
            new HashSet<string> { "openapi", "info", "tags", "security", "paths", "components" }, s_root.EnumerateObject().Select(field => field.Name).ToHashSet());
    }

    [Fact]
    public void References_lead_somewhere_and_every_component_is_used()
    {
        var validator = new SchemaValidator(s_root);
        HashSet<string> used = [];
        foreach ((string at, JsonElement node) in Nodes(s_root, "#"))
        {
            if (node.ValueKind == JsonValueKind.Object && node.TryGetProperty("$ref", out JsonElement reference) && reference.ValueKind == JsonValueKind.String)
            {
                Assert.True(validator.Resolve(node).ValueKind == JsonValueKind.Object, at);
                used.Add(reference.GetString()!);
            }
            if (at.EndsWith("/discriminator", StringComparison.Ordinal))
                Assert.All(node.GetProperty("mapping").EnumerateObject(), mapping => Assert.Contains(mapping.Value.GetString()!, OneOfs(s_root.Pointer(at[..^"/discriminator".Length]))));
        }
        string[] components = [.. s_root.GetProperty("components").EnumerateObject().Where(kind => kind.Name != "securitySchemes")
            .SelectMany(kind => kind.Value.EnumerateObject().Select(component => $"#/components/{kind.Name}/{component.Name}"))];
        Assert.Equal(components.Except(s_lines).Order(), used.Order());
        Assert.Subset(s_root.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(scheme => scheme.Name).ToHashSet(),
            s_root.GetProperty("security").EnumerateArray().SelectMany(one => one.EnumerateObject()).Select(one => one.Name).ToHashSet());
    }

    [Fact]
    public void Operations_have_ids_of_their_own_tags_and_words()
    {
        string[] ids = [.. ApiDocument.Operations.Select(operation => operation.Json.GetProperty("operationId").GetString()!)];
        Assert.True(ids.Length > 20);
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[a-z][A-Za-z]+$", id));
        string[] tags = [.. s_root.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()!)];
        Assert.Equal(tags.Order(), ApiDocument.Operations.Select(operation => Assert.Single(operation.Json.GetProperty("tags").EnumerateArray()).GetString()!).Distinct().Order());
        Assert.All(ApiDocument.Operations, operation => Assert.True(operation.Json.GetProperty("summary").GetString() is { Length: > 5 and < 80 }));
    }

    [Fact]
    public void Parameters_of_paths_are_described_and_no_others()
    {
        Assert.All(ApiDocument.Operations, operation =>
        {
            JsonElement[] parameters = [.. operation.Parameters];
            Assert.Equal(
                PathParameter().Matches(operation.Path).Select(match => match.Groups[1].Value).Order(),
                parameters.Where(parameter => parameter.GetProperty("in").GetString() == "path").Select(parameter => parameter.GetProperty("name").GetString()!).Order());
            Assert.All(parameters, parameter =>
            {
                string place = parameter.GetProperty("in").GetString()!;
                Assert.Contains(place, (string[])["path", "query"]);
                Assert.Equal(place == "path", parameter.TryGetProperty("required", out JsonElement required) && required.GetBoolean());
                Assert.Equal(JsonValueKind.Object, parameter.GetProperty("schema").ValueKind);
            });
        });
    }

    [Fact]
    public void Replies_have_a_status_a_description_and_a_schema()
    {
        var resolver = new SchemaValidator(s_root);
        Assert.All(ApiDocument.Operations, operation =>
        {
            JsonProperty[] replies = [.. operation.Json.GetProperty("responses").EnumerateObject()];
            Assert.Contains("200", replies.Select(reply => reply.Name));
            Assert.All(replies, reply =>
            {
                Assert.Matches("^[2-5][0-9][0-9]$", reply.Name);
                JsonElement json = resolver.Resolve(reply.Value);
                Assert.NotEqual("", json.GetProperty("description").GetString());
                Assert.All(json.GetProperty("content").EnumerateObject(), content => Assert.Equal(JsonValueKind.Object, content.Value.GetProperty("schema").ValueKind));
            });
        });
    }

    /// <summary>A validator that meets every schema with a value of every kind meets every keyword: it throws where it does not know one.</summary>
    [Fact]
    public void Schemas_have_keywords_that_the_tests_understand_and_defaults_and_examples_that_they_allow()
    {
        var validator = new SchemaValidator(s_root);
        int checks = 0;
        foreach ((string at, JsonElement node) in Nodes(s_root, "#"))
        {
            if (node.ValueKind != JsonValueKind.Object || !IsSchema(at))
                continue;
            foreach (string value in (string[])["null", "true", "1", "\"a\"", "[]", "[1]", "{}", """{"a": 1}"""])
                validator.Validate(node, JsonSerializer.Deserialize<JsonElement>(value));
            JsonElement[] values = [.. node.TryGetProperty("examples", out JsonElement examples) ? examples.EnumerateArray() : [], .. node.TryGetProperty("default", out JsonElement otherwise) ? [otherwise] : (JsonElement[])[]];
            Assert.All(values, value => Assert.Null(validator.Validate(node, value)));
            checks += 1 + values.Length;
            // Names that are required must be there, and an object that refuses others names its own.
            if (node.TryGetProperty("required", out JsonElement required) && node.TryGetProperty("properties", out JsonElement properties))
                Assert.All(required.EnumerateArray(), name => Assert.True(properties.TryGetProperty(name.GetString()!, out _), $"{at}: {name}"));
        }
        Assert.True(checks > 300, $"{checks}");
    }

    /// <summary>Requests refuse what is not described, in the document as in the code.</summary>
    [Fact]
    public void Objects_of_requests_are_closed()
    {
        var validator = new SchemaValidator(s_root);
        foreach (ApiOperation operation in ApiDocument.Operations)
        {
            if (operation.JsonBody is { } body)
                Assert.NotNull(validator.Validate(body.GetProperty("schema"), JsonSerializer.Deserialize<JsonElement>("""{"nonsense": 1}""")));
        }
    }

    internal static IEnumerable<(string At, JsonElement Node)> Nodes(JsonElement node, string at) => node.ValueKind switch
    {
        JsonValueKind.Object => [(at, node), .. node.EnumerateObject().SelectMany(field => Nodes(field.Value, $"{at}/{field.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}"))],
        JsonValueKind.Array => [(at, node), .. node.EnumerateArray().SelectMany((item, i) => Nodes(item, $"{at}/{i}"))],
        _ => [(at, node)],
    };

    private static bool IsSchema(string at) => Schema().IsMatch(at) && !at.Contains("/examples/", StringComparison.Ordinal) && !at.Contains("/default/", StringComparison.Ordinal);

    private static IEnumerable<string> OneOfs(JsonElement schema) => schema.GetProperty("oneOf").EnumerateArray().Select(one => one.GetProperty("$ref").GetString()!);

    [GeneratedRegex(@"\{([a-z]+)}")]
    private static partial Regex PathParameter();

    [GeneratedRegex("(/schema|^#/components/schemas/[A-Za-z]+|/properties/[^/]+|/items|/(oneOf|anyOf|allOf)/[0-9]+|/(additionalProperties|propertyNames))$")]
    private static partial Regex Schema();
}

internal static class Pointers
{
    /// <summary>What a JSON pointer leads to.</summary>
    public static JsonElement Pointer(this JsonElement root, string pointer) => pointer.Split('/').Skip(1).Aggregate(root, (at, step) =>
        at.ValueKind == JsonValueKind.Array
            ? at[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]
            : at.GetProperty(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)));
}
