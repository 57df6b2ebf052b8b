using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Embeddings;

/// <summary>/v1/embeddings.</summary>
public sealed class EmbeddingTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Path = "/v1/embeddings";

    private TestServer Server => fixture.Server;

    [Fact]
    public async Task Texts_and_tokens_give_the_engines_vectors_of_length_one()
    {
        string[] texts = ["river", "a blue house"];
        float[][] expected = [.. await Task.WhenAll(texts.Select(EmbedAsync))];
        string tokens = string.Join(", ", texts.Select(text => $"[{string.Join(',', Server.Engine.Tokenize(text))}]"));
        foreach (string input in new[] { """["river", "a blue house"]""", $"[{tokens}]" })
        {
            Reply reply = await Server.PostAsync(Path, $$"""{"model": "lexicon-5m-q8_0", "input": {{input}}, "encoding_format": "float", "user": "u"}""");
            Assert.Equal(200, reply.Status);
            Assert.Equal(("list", "lexicon-5m-q8_0"), ((string)reply.Json["object"]!, (string)reply.Json["model"]!));
            JsonArray data = reply.Json["data"]!.AsArray();
            Assert.Equal([0, 1], data.Select(one => (int)one!["index"]!));
            Assert.All(data, one => Assert.Equal("embedding", (string)one!["object"]!));
            Assert.Equal(expected, data.Select(one => one!["embedding"]!.AsArray().Select(value => (float)value!).ToArray()));
            int count = texts.Sum(text => Server.Engine.Tokenize(text).Length);
            Assert.Equal((count, count), ((int)reply.Json["usage"]!["prompt_tokens"]!, (int)reply.Json["usage"]!["total_tokens"]!));
        }
        Assert.All(expected, vector => Assert.Equal(1, vector.Sum(value => (double)value * value), 1e-4));
    }

    [Fact]
    public async Task Base64_is_the_same_vector_and_one_text_may_stand_alone()
    {
        int width = Server.Engine.Model.Configuration.HiddenSize;
        Reply reply = await Server.PostAsync(Path, $$"""{"input": "river", "encoding_format": "base64", "dimensions": {{width}}}""");
        byte[] bytes = Convert.FromBase64String((string)Assert.Single(reply.Json["data"]!.AsArray())!["embedding"]!);
        Assert.Equal(await EmbedAsync("river"), MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    [Theory]
    [InlineData("""{"input": "river", "dimensions": 7}""", "dimensions")]
    [InlineData("""{"input": "river", "encoding_format": "int8"}""", "encoding_format")]
    [InlineData("""{"input": []}""", "input")]
    [InlineData("""{"input": [[]]}""", "input[0]")]
    [InlineData("""{"input": ["river", 3]}""", "input[1]")]
    [InlineData("""{"input": [1, "river"]}""", "input[1]")]
    [InlineData("""{"input": [1, 99999999]}""", "input")]
    [InlineData("""{"input": {"a": 1}}""", "input")]
    [InlineData("""{"input": [true]}""", "input[0]")]
    [InlineData("""{"model": "lexicon-5m-q8_0"}""", "input")]
    [InlineData("""{"input": "river", "stream": true}""", "stream")]
    public async Task What_cannot_be_embedded_is_refused_by_name(string body, string field)
    {
        Reply reply = await Server.PostAsync(Path, body);
        Assert.Equal((400, field), (reply.Status, reply.Parameter));
    }

    [Fact]
    public async Task When_one_text_is_too_long_the_others_end_and_the_error_says_so()
    {
        string tooLong = string.Join(' ', Enumerable.Repeat("river", 600));
        Reply reply = await Server.PostAsync(Path, $$"""{"input": ["river", "{{tooLong}}", "lake"]}""");
        Assert.Equal((400, "context_length_exceeded", "input"), (reply.Status, reply.Code, reply.Parameter));
        await Server.Engine.WaitUntilIdleAsync();
    }

    private async Task<float[]> EmbedAsync(string text)
    {
        PromptEmbedding embedding = await Server.Engine.EmbedAsync(text, new EmbeddingOptions { Normalize = true }, TestContext.Current.CancellationToken);
        return embedding.Vector.ToArray();
    }
}
