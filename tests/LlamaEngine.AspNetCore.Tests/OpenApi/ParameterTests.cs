using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Tests.Bulk;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>What endpoints take in the query and in forms is what the document says.</summary>
public sealed class ParameterTests(BulkServer fixture) : IClassFixture<BulkServer>
{
    private static readonly SchemaValidator s_validator = new(ApiDocument.Root);

    public static TheoryData<string, string> Queries =>
        [.. ApiDocument.Operations.Where(operation => QueryOf(operation).Any()).Select(operation => (operation.Method, operation.Path))];

    /// <summary>Where there are parameters, others are refused, and the refusal names those that there are.</summary>
    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Parameters_are_those_that_are_described(string method, string path)
    {
        Reply reply = await AskAsync(method, path, "nonsense", "1");
        Assert.Equal((400, "nonsense"), (reply.Status, reply.Parameter));
        Assert.Equal(QueryOf(ApiDocument.Find(method, path)!).Select(parameter => parameter.Name).Order(), reply.Message.Split("Supported: ")[1].TrimEnd('.').Split(", ").Order());
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Ranges_are_those_that_are_described(string method, string path)
    {
        int refused = 0;
        foreach ((string name, JsonElement schema) in QueryOf(ApiDocument.Find(method, path)!))
        {
            foreach (JsonNode value in FieldValues.Of(schema))
            {
                string text = value.GetValueKind() == JsonValueKind.String ? (string)value! : value.ToJsonString();
                bool isNumber = schema.GetProperty("type").GetString() == "integer" && value.GetValueKind() == JsonValueKind.Number;
                bool isAllowed = s_validator.Validate(schema, isNumber ? JsonSerializer.SerializeToElement(value) : JsonSerializer.SerializeToElement(text)) is null;
                Reply reply = await AskAsync(method, path, name, text);
                // An element, a session or a model that is not there.
                bool isTaken = reply.Status is 200 or 404 || reply.Parameter == "after" && reply.Message.Contains("the id of an element", StringComparison.Ordinal);
                Assert.True(isAllowed == isTaken, $"{path}?{name}={text}: {reply.Text}");
                refused += isTaken ? 0 : 1;
            }
        }
        Assert.True(refused > 3 || method == "delete", $"{refused}");
    }

    [Fact]
    public async Task Fields_of_the_form_are_those_that_are_described()
    {
        JsonElement form = ApiDocument.Schema("FileForm");
        Reply reply = await fixture.PostFormAsync(("file", "{}"), ("purpose", "batch"), ("nonsense", "1"));
        Assert.Equal((400, "nonsense"), (reply.Status, reply.Parameter));
        Assert.Equal(
            form.GetProperty("properties").EnumerateObject().Select(field => field.Name).Order(), reply.Message.Split("Supported: ")[1].TrimEnd('.').Split(", ").Order());
        foreach (string required in form.GetProperty("required").EnumerateArray().Select(name => name.GetString()!))
            Assert.Equal((400, required), await AskFormAsync(new() { ["file"] = "{}", ["purpose"] = "batch", [required] = null }));
        foreach (JsonProperty field in form.GetProperty("properties").EnumerateObject().Where(field => field.Name != "file"))
        {
            foreach (JsonNode value in FieldValues.Of(field.Value).Where(value => value is JsonValue))
            {
                Dictionary<string, string?> fields = new() { ["file"] = "{}", ["purpose"] = "batch" };
                if (field.Name.StartsWith("expires", StringComparison.Ordinal))
                    (fields["expires_after[anchor]"], fields["expires_after[seconds]"]) = ("created_at", "3600");
                fields[field.Name] = value.GetValueKind() == JsonValueKind.String ? (string)value! : value.ToJsonString();
                bool isAllowed = s_validator.Validate(field.Value, JsonSerializer.SerializeToElement(value)) is null;
                Assert.Equal(isAllowed ? (200, null) : (400, field.Name), await AskFormAsync(fields));
            }
        }
    }

    private static IEnumerable<(string Name, JsonElement Schema)> QueryOf(ApiOperation operation) => operation.Parameters
        .Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => (parameter.GetProperty("name").GetString()!, parameter.GetProperty("schema")));

    private Task<Reply> AskAsync(string method, string path, string name, string value)
    {
        string url = $"{path.Replace("{id}", "none", StringComparison.Ordinal)}?{name}={Uri.EscapeDataString(value)}";
        return method == "delete" ? fixture.DeleteAsync(url) : fixture.GetAsync(url);
    }

    private async Task<(int Status, string? Parameter)> AskFormAsync(Dictionary<string, string?> fields)
    {
        Reply reply = await fixture.PostFormAsync([.. fields.Where(field => field.Value is not null).Select(field => (field.Key, field.Value!))]);
        return (reply.Status, reply.Status == 200 ? null : reply.Parameter);
    }
}
