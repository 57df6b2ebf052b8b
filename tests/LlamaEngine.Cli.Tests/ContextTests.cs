using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>context</c> and <c>generate --context</c>: from one process to another through a file.</summary>
public sealed class ContextTests : IDisposable
{
    private const string Camera = "What is a camera?";

    private readonly TemporaryFolder _folder = new();

    private string Snapshot => _folder.FileOf("camera.ctx");

    [Theory]
    [InlineData("f32")]
    [InlineData("F16")]
    public async Task Another_process_goes_on_from_a_saved_text_as_if_it_had_computed_it(string kvType)
    {
        string text = string.Concat(Enumerable.Repeat("A camera is equipment for taking photographs. ", 8));
        (await CliRun.RunAsync("context", "save", "--model", CliRun.Lexicon, "--raw", "--prompt", text, "--out", Snapshot, "--kv-type", kvType)).Succeeded();

        string[] generate = ["generate", "--model", CliRun.Lexicon, "--context", Snapshot, "--prompt", "A", "--json", "--logprobs", "2", "--max-tokens", "8"];
        JsonNode here = JsonNode.Parse((await CliRun.RunAsync(generate)).Succeeded().Output)!;
        JsonNode there = JsonNode.Parse(await ProcessTests.RunForOutputAsync("", 0, generate))!;

        // What the same tokens give without a snapshot, in an engine of the same KV type.
        int[] prompt = [.. here["prompt_tokens"]!.AsArray().GetValues<int>()];
        Completion alone = await CompleteAsync(prompt, Enum.Parse<KvCacheType>(kvType, ignoreCase: true));
        foreach (JsonNode json in (JsonNode[])[here, there])
        {
            Assert.Equal(alone.Tokens, json["tokens"]!.AsArray().GetValues<int>());
            Assert.Equal(alone.LogProbabilities.Select(value => (double)value), json["logprobs"]!.AsArray().Select(token => (double)token!["logprob"]!));
            Assert.Equal(prompt.Length / 16 * 16, (int?)json["usage"]!["cached_tokens"]);
        }
    }

    [Fact]
    public async Task A_conversation_goes_on_with_the_next_message()
    {
        await SaveConversation();
        JsonNode json = JsonNode.Parse((await CliRun.RunAsync(
            "generate", "--model", CliRun.Lexicon, "--context", Snapshot, "--context", "400", "--prompt", "Define freedom.", "--json")).Succeeded().Output)!;
        Assert.Equal(16, (int?)json["usage"]!["cached_tokens"]);
        Assert.StartsWith("freedom (noun):", (string?)json["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_tells_what_is_in_it_without_a_model()
    {
        await SaveConversation();
        CliRun text = await CliRun.RunAsync("context", "show", Snapshot);
        Assert.Contains("You are brief.", text.Succeeded().Output, StringComparison.Ordinal);

        JsonNode json = JsonNode.Parse((await CliRun.RunAsync("context", "show", Snapshot, "--json")).Succeeded().Output)!;
        Assert.Equal("F16", (string?)json["kv_type"]);
        Assert.Equal(["system", "user"], json["messages"]!.AsArray().Select(message => (string?)message!["role"]));
        Assert.Equal(Camera, (string?)json["messages"]![1]!["content"]);
        Assert.Equal(json["tokens"]!.AsArray().Count / 16, (int?)json["blocks"]);
        Assert.Equal(new FileInfo(Snapshot).Length, (long?)json["bytes"]);
    }

    [Fact]
    public async Task Restore_proves_that_it_fits()
    {
        await SaveConversation();
        JsonNode json = JsonNode.Parse((await CliRun.RunAsync("context", "restore", "--model", CliRun.Lexicon, Snapshot, "--json")).Succeeded().Output)!;
        Assert.True((double?)json["seconds"] > 0);
        Assert.Equal((int)json["tokens"]! / 16 * 16, (int?)json["held_tokens"]);
        Assert.Equal(new FileInfo(Snapshot).Length, (long?)json["bytes"]);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_in_a_line()
    {
        await SaveConversation();
        CliRun type = await CliRun.RunAsync("context", "restore", "--model", CliRun.Lexicon, Snapshot, "--kv-type", "f32");
        Assert.Contains("KV type of the snapshot is F16, that of the engine F32", type.Failed(1).Error, StringComparison.Ordinal);

        byte[] model = await File.ReadAllBytesAsync(CliRun.Lexicon, TestContext.Current.CancellationToken);
        model[^1000] ^= 1;
        await File.WriteAllBytesAsync(_folder.FileOf("other.gguf"), model, TestContext.Current.CancellationToken);
        CliRun other = await CliRun.RunAsync("generate", "--model", _folder.FileOf("other.gguf"), "--context", Snapshot, "--prompt", "a");
        Assert.Contains("model of the snapshot", other.Failed(1).Error, StringComparison.Ordinal);

        byte[] bytes = await File.ReadAllBytesAsync(Snapshot, TestContext.Current.CancellationToken);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(Snapshot, bytes, TestContext.Current.CancellationToken);
        CliRun damaged = await CliRun.RunAsync("context", "restore", "--model", CliRun.Lexicon, Snapshot);
        Assert.Contains("damaged", damaged.Failed(1).Error, StringComparison.Ordinal);
        CliRun none = await CliRun.RunAsync("context", "show", CliRun.Lexicon);
        Assert.Contains("no snapshot", none.Failed(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_system_prompt_comes_first_or_not_at_all()
    {
        await SaveConversation();
        CliRun run = await CliRun.RunAsync("generate", "--model", CliRun.Lexicon, "--context", Snapshot, "--prompt", "a", "--system", "s");
        Assert.Contains("--system", run.Failed(2).Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private async Task SaveConversation()
    {
        CliRun saved = await CliRun.RunAsync(
            "context", "save", "--model", CliRun.Lexicon, "--system", "You are brief.", "--prompt", Camera, "--out", Snapshot);
        Assert.StartsWith("Saved ", saved.Succeeded().Output, StringComparison.Ordinal);
    }

    private static async Task<Completion> CompleteAsync(int[] prompt, KvCacheType kvType)
    {
        await using InferenceEngine engine = InferenceEngine.Create(new EngineOptions { ModelPath = CliRun.Lexicon, KvCacheType = kvType });
        return await engine.CompleteAsync(
            prompt, new GenerationOptions { MaxTokens = 8, TopLogProbabilities = 2 }, TestContext.Current.CancellationToken);
    }
}
