using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>inspect</c> and <c>quantize</c>, on the demo model.</summary>
public sealed class ModelFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Inspect_tells_configuration_tensors_types_memory_tokenizer_and_template()
    {
        CliRun run = await CliRun.RunAsync("inspect", "--model", CliRun.Lexicon, "--json");

        JsonNode json = JsonNode.Parse(run.Succeeded().Output)!;
        Assert.Equal(5, (int?)json["configuration"]!["layers"]);
        Assert.Equal(256, (int?)json["configuration"]!["hidden_size"]);
        Assert.Equal(4096, (int?)json["configuration"]!["vocabulary_size"]);
        // Embedding, norm at the end, and nine tensors a layer; the output is tied.
        Assert.Equal(2 + 5 * 9, json["tensors"]!.AsArray().Count);
        Assert.Equal("Q8_0", (string?)json["types"]![0]!["type"]);
        // Keys and values of two heads of 64 in five layers, two bytes each.
        Assert.Equal(2 * 2 * 64 * 5 * 2, (int?)json["kv_cache_bytes_per_token"]);
        Assert.StartsWith("gpt2", (string?)json["tokenizer"], StringComparison.Ordinal);
        Assert.True((bool?)json["chat_template"]);
        Assert.Contains(4095, json["end_token_ids"]!.AsArray().GetValues<int>());
    }

    [Fact]
    public async Task Inspect_writes_the_same_for_people()
    {
        CliRun run = await CliRun.RunAsync("inspect", "--model", CliRun.Lexicon);
        Assert.Contains("5 layers, hidden 256, feed-forward 768, vocabulary 4096, tied output", run.Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains(run.Lines, line => line.StartsWith("Q8_0", StringComparison.Ordinal) && line.EndsWith("blk.4.ffn_down.weight", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Q4_K", "Q4_K")]
    [InlineData("f16", "F16")]
    public async Task A_quantized_model_still_answers(string asked, string type)
    {
        string file = _folder.FileOf("out.gguf");
        (await CliRun.RunAsync("quantize", "--model", CliRun.Lexicon, "--type", asked, "--out", file)).Succeeded();
        Assert.Equal(["out.gguf"], _folder.Names);

        JsonNode json = JsonNode.Parse((await CliRun.RunAsync("inspect", "--model", file, "--json")).Succeeded().Output)!;
        Assert.Contains(json["tensors"]!.AsArray(), tensor => (string?)tensor!["name"] == "blk.0.ffn_up.weight" && (string?)tensor["type"] == type);
        CliRun answer = await CliRun.RunAsync("generate", "--model", file, "--prompt", "What is a camera?");
        Assert.StartsWith("camera (noun): ", answer.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_that_is_not_written_is_a_wrong_command_line()
    {
        CliRun run = await CliRun.RunAsync("quantize", "--model", CliRun.Lexicon, "--type", "IQ4_XS", "--out", _folder.FileOf("out.gguf"));
        Assert.Contains("Q4_K", run.Failed(2).Error, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    public void Dispose() => _folder.Dispose();
}
