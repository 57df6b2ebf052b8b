using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Tokens;

/// <summary>/tokenize, /detokenize and /apply-template.</summary>
public sealed class TokenEndpointTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Chat = """[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a camera?"}]""";

    private TestServer Server => fixture.Server;

    [Theory]
    [InlineData("", true, false)]
    [InlineData(", \"add_special_tokens\": false", false, false)]
    [InlineData(", \"parse_special\": true", true, true)]
    public async Task A_text_becomes_the_engines_tokens_and_the_text_again(string more, bool withRules, bool special)
    {
        const string Text = "naïve river 🙂 <|im_start|>";
        int[] expected = withRules ? Server.Engine.Tokenizer.EncodeWithRules(Text, special) : Server.Engine.Tokenizer.Encode(Text, special);
        Reply reply = await Server.PostAsync("/tokenize", $$"""{"prompt": "{{Text}}"{{more}}, "return_token_strs": true}""");
        Assert.Equal(200, reply.Status);
        int[] tokens = [.. reply.Json["tokens"]!.AsArray().Select(token => (int)token!)];
        Assert.Equal(expected, tokens);
        Assert.Equal((tokens.Length, Server.Engine.Model.ContextLength), ((int)reply.Json["count"]!, (int)reply.Json["max_model_len"]!));
        Assert.Equal(tokens.Select(Server.Engine.Tokenizer.GetToken), reply.Json["token_strs"]!.AsArray().Select(text => (string)text!));
        Reply back = await Server.PostAsync("/detokenize", $$"""{"tokens": [{{string.Join(',', tokens)}}]}""");
        Assert.Equal(Server.Engine.Tokenizer.Decode(tokens), (string)back.Json["prompt"]!);
        Assert.Contains(Text, (string)back.Json["prompt"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_becomes_the_templates_text_and_its_tokens()
    {
        Microsoft.Extensions.AI.ChatMessage[] messages =
            [new(Microsoft.Extensions.AI.ChatRole.System, "Be brief."), new(Microsoft.Extensions.AI.ChatRole.User, "What is a camera?")];
        int[] expected = Server.Engine.Tokenize(Prompt.FromMessages(messages));
        string text = (string)(await Server.PostAsync("/apply-template", $$"""{"messages": {{Chat}}}""")).Json["prompt"]!;
        Assert.Equal(expected, Server.Engine.Tokenizer.Encode(text, allowSpecial: true));
        JsonNode tokens = (await Server.PostAsync("/tokenize", $$"""{"messages": {{Chat}}}""")).Json;
        Assert.Equal(expected, tokens["tokens"]!.AsArray().Select(token => (int)token!));
        string bare = (string)(await Server.PostAsync("/apply-template", $$"""{"messages": {{Chat}}, "add_generation_prompt": false}""")).Json["prompt"]!;
        Assert.StartsWith(bare, text, StringComparison.Ordinal);
        Assert.NotEqual(bare, text);
    }

    [Theory]
    [InlineData("/tokenize", """{}""", "prompt")]
    [InlineData("/tokenize", """{"prompt": 3}""", "prompt")]
    [InlineData("/tokenize", """{"prompt": "a", "add_generation_prompt": true}""", "add_generation_prompt")]
    [InlineData("/tokenize", """{"messages": [{"role": "user", "content": "a"}], "prompt": "a"}""", "prompt")]
    [InlineData("/detokenize", """{"tokens": "a"}""", "tokens")]
    [InlineData("/detokenize", """{"tokens": [1, -1]}""", "tokens[1]")]
    [InlineData("/detokenize", """{"tokens": [1, 1.5]}""", "tokens[1]")]
    [InlineData("/detokenize", """{"tokens": [99999999]}""", "tokens[0]")]
    [InlineData("/apply-template", """{"messages": []}""", "messages")]
    [InlineData("/apply-template", """{"messages": [{"role": "user", "content": "a"}], "tools": [{}]}""", "tools")]
    public async Task What_is_wrong_is_refused_by_name(string path, string body, string field)
    {
        Reply reply = await Server.PostAsync(path, body);
        Assert.Equal((400, field), (reply.Status, reply.Parameter));
    }
}
