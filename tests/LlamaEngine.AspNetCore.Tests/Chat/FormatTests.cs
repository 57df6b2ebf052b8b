using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>response_format: what the engine does with it in process, over HTTP; what is wrong with it by name.</summary>
public sealed class FormatTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Path = "/v1/chat/completions";

    private const string Schema = """
        {"type": "object", "properties": {"word": {"enum": ["river", "lake"]}, "count": {"type": "integer", "minimum": 1, "maximum": 9}},
         "required": ["word", "count"], "additionalProperties": false}
        """;

    private TestServer Server => fixture.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"type": "json_schema", "json_schema": {"name": "a-B_1", "description": "d", "strict": true, "schema": SCHEMA}}""", false)]
    [InlineData("""{"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}""", true)]
    public async Task A_schema_holds_whole_and_in_pieces(string format, bool stream)
    {
        string expected = await InProcessAsync(ResponseFormat.JsonSchema(JsonDocument.Parse(Schema).RootElement));
        string body = $$"""
            {"messages": [{"role": "user", "content": "river"}], "temperature": 1, "seed": 3, "response_format": {{format.Replace("SCHEMA", Schema, StringComparison.Ordinal)}}
            """;
        string text = stream
            ? Assert.Single((await Server.ReadAsync(Path, body + ", \"stream\": true}")).ChatTexts())
            : (string)(await Server.PostAsync(Path, body + "}")).Json["choices"]![0]!["message"]!["content"]!;
        Assert.Equal(expected, text);
        JsonNode json = JsonNode.Parse(text)!;
        Assert.Contains((string)json["word"]!, (string[])["river", "lake"]);
        Assert.InRange((int)json["count"]!, 1, 9);
        Assert.Equal(2, json.AsObject().Count);
    }

    [Fact]
    public async Task Any_object_is_what_the_engine_gives()
    {
        string expected = await InProcessAsync(ResponseFormat.JsonObject);
        Reply reply = await Server.PostAsync(Path, """
            {"messages": [{"role": "user", "content": "river"}], "temperature": 1, "seed": 3, "response_format": {"type": "json_object"}}
            """);
        Assert.Equal(expected, (string)reply.Json["choices"]![0]!["message"]!["content"]!);
        Assert.Equal("stop", (string?)reply.Json["choices"]![0]!["finish_reason"]);
        Assert.IsType<JsonObject>(JsonNode.Parse(expected));
    }

    [Theory]
    [InlineData("3", "response_format")]
    [InlineData("{}", "response_format.type")]
    [InlineData("{\"type\": \"xml\"}", "response_format.type")]
    [InlineData("{\"type\": \"text\", \"json_schema\": {}}", "response_format.json_schema")]
    [InlineData("{\"type\": \"json_schema\"}", "response_format.json_schema")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"schema\": {}}}", "response_format.json_schema.name")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a b\", \"schema\": {}}}", "response_format.json_schema.name")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\"}}", "response_format.json_schema.schema")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\", \"schema\": []}}", "response_format.json_schema.schema")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\", \"schema\": {}, \"strict\": 1}}", "response_format.json_schema.strict")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\", \"schema\": {\"type\": \"sausage\"}}}", "response_format.json_schema.schema")]
    [InlineData("{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"a\", \"schema\": {\"not\": {\"type\": \"string\"}}}}", "response_format.json_schema.schema")]
    [InlineData("{\"type\": \"json_object\"}, \"stop\": \"a\"", "stop")]
    [InlineData("{\"type\": \"json_object\"}, \"ignore_eos\": true", "ignore_eos")]
    public async Task What_is_wrong_is_refused_by_name(string format, string field)
    {
        Reply reply = await Server.PostAsync(Path, $$"""{"messages": [{"role": "user", "content": "a"}], "response_format": {{format}}}""");
        Assert.True(reply.Status == 400, reply.Text);
        Assert.Equal(field, reply.Parameter);
    }

    private async Task<string> InProcessAsync(ResponseFormat format)
    {
        var options = new GenerationOptions { Temperature = 1, Seed = 3, ResponseFormat = format };
        return (await Server.Engine.CompleteAsync(Prompt.FromUser("river"), options, Token)).Text;
    }
}
