using System.Text.Json;
using LlamaEngine.AspNetCore.Tests.Bulk;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>The lines of a batch's files are what the document says; they are in no reply that it describes.</summary>
public sealed class BatchLineTests(BulkServer fixture) : IClassFixture<BulkServer>
{
    private const string Right = """{"custom_id": "a", "method": "POST", "url": "/v1/completions", "body": {"prompt": "river", "max_tokens": 2}}""";

    [Fact]
    public async Task Results_are_as_described()
    {
        string refused = Right.Replace("\"a\"", "\"b\"", StringComparison.Ordinal).Replace("\"max_tokens\": 2", "\"max_tokens\": 0", StringComparison.Ordinal);
        var batch = await fixture.EndAsync(await fixture.BeginAsync($"{Right}\n{refused}"));
        var validator = new SchemaValidator(ApiDocument.Root, isClosed: true);
        foreach (string file in (string[])["output_file_id", "error_file_id"])
        {
            string line = (await fixture.GetAsync($"/v1/files/{batch[file]}/content")).Text.TrimEnd('\n');
            Assert.Null(validator.Validate(ApiDocument.Schema("BatchResultLine"), JsonSerializer.Deserialize<JsonElement>(line)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"method\": \"GET\"")]
    [InlineData("\"url\": \"/v1/models\"")]
    [InlineData("\"url\": 1")]
    [InlineData("\"body\": []")]
    [InlineData("\"custom_id\": \"\"")]
    [InlineData("\"custom_id\": \"LONG\"")]
    [InlineData("\"custom_id\": \"LONGER\"")]
    [InlineData("\"nonsense\": 1")]
    public async Task Requests_are_as_described(string change)
    {
        var line = System.Text.Json.Nodes.JsonNode.Parse(Right)!.AsObject();
        change = change.Replace("LONGER", new string('a', 513), StringComparison.Ordinal).Replace("LONG", new string('a', 512), StringComparison.Ordinal);
        foreach ((string name, var value) in System.Text.Json.Nodes.JsonNode.Parse($"{{{change}}}")!.AsObject())
            line[name] = value?.DeepClone();
        string? error = new SchemaValidator(ApiDocument.Root).Validate(ApiDocument.Schema("BatchRequestLine"), JsonSerializer.SerializeToElement(line));
        var batch = await fixture.EndAsync(await fixture.BeginAsync(line.ToJsonString()));
        Assert.Equal(error is null ? "completed" : "failed", (string?)batch["status"]);
    }
}
