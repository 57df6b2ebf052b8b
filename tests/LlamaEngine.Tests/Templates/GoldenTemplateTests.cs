using System.Text.Json.Nodes;
using LlamaEngine.Templates;

namespace LlamaEngine.Tests.Templates;

/// <summary>The chat templates of real models, against what Hugging Face transformers renders.</summary>
public sealed class GoldenTemplateTests
{
    [Theory]
    [InlineData("chatml")]
    [InlineData("hermes-3")]
    [InlineData("llama-2")]
    [InlineData("llama-3")]
    [InlineData("llama-3.1")]
    [InlineData("llama-3.2")]
    [InlineData("llama-3.3")]
    [InlineData("mistral-7b")]
    [InlineData("mistral-nemo")]
    [InlineData("smollm2")]
    [InlineData("zephyr-tinyllama")]
    public void Renders_like_the_reference(string model)
    {
        JsonNode golden = JsonNode.Parse(File.ReadAllText(SharedData.Shared("golden", "templates", $"{model}.json")))!;
        ChatTemplate template = ChatTemplate.Parse(
            golden["template"]!.GetValue<string>(), golden["bos_token"]!.GetValue<string>(), golden["eos_token"]!.GetValue<string>());
        JsonArray cases = golden["cases"]!.AsArray();
        Assert.NotEmpty(cases);
        foreach (JsonNode? one in cases)
            TemplateCase.Check(template, one!["input"]!.AsObject(), one.AsObject());
    }
}
