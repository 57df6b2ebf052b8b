using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>generate</c> and <c>chat</c> with the demo model.</summary>
public sealed class GenerateTests : IDisposable
{
    private const string Camera = "camera (noun): equipment for taking photographs.";

    // What the reference implementation sampled, its end token included.
    private static readonly int[] s_cameraTokens = [66, 403, 266, 64, 288, 306, 289, 2506, 326, 2733, 3927, 13, 4095];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_answer_is_all_of_standard_output()
    {
        CliRun run = await CliRun.RunAsync("generate", "--model", CliRun.Lexicon, "--prompt", "What is a camera?");
        Assert.Equal(Camera + "\n", run.Succeeded().Output);
    }

    [Fact]
    public async Task Json_tells_tokens_reason_usage_and_timings()
    {
        string file = _folder.Write("prompt.txt", "What is a camera?");
        CliRun run = await CliRun.RunAsync("generate", "--model", CliRun.Lexicon, "--prompt-file", file, "--json", "--logprobs", "2", "--threads", "1");

        JsonNode json = JsonNode.Parse(run.Succeeded().Output)!;
        Assert.Equal(Camera, (string?)json["text"]);
        Assert.Equal(s_cameraTokens, json["tokens"]!.AsArray().GetValues<int>());
        Assert.Equal(23, json["prompt_tokens"]!.AsArray().Count);
        Assert.Equal("stop", (string?)json["finish_reason"]);
        Assert.Equal(23, (int?)json["usage"]!["prompt_tokens"]);
        Assert.Equal(13, (int?)json["usage"]!["completion_tokens"]);
        Assert.True((double?)json["timings"]!["decode_seconds"] > 0);
        Assert.Equal(13, json["logprobs"]!.AsArray().Count);
        Assert.Equal(2, json["logprobs"]![0]!["top"]!.AsArray().Count);
        Assert.Equal(66, (int?)json["logprobs"]![0]!["top"]![0]!["token"]);
    }

    [Fact]
    public async Task Limits_and_stop_strings_end_it()
    {
        JsonNode length = await JsonOf("--max-tokens", "3");
        Assert.Equal("length", (string?)length["finish_reason"]);
        Assert.Equal(s_cameraTokens[..3], length["tokens"]!.AsArray().GetValues<int>());

        JsonNode stop = await JsonOf("--stop", "never", "--stop", " (noun)");
        Assert.Equal("stop", (string?)stop["finish_reason"]);
        Assert.Equal("camera", (string?)stop["text"]);
    }

    [Fact]
    public async Task Raw_takes_the_prompt_as_it_stands()
    {
        string[] prompt = ["--raw", "--prompt", "<|start_header_id|>user<|end_header_id|>\n\nWhat is a camera?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"];
        CliRun special = await CliRun.RunAsync(["generate", "--model", CliRun.Lexicon, "--special", .. prompt]);
        Assert.Equal(Camera + "\n", special.Succeeded().Output);

        CliRun plain = await CliRun.RunAsync(["generate", "--model", CliRun.Lexicon, "--max-tokens", "1", "--json", .. prompt]);
        Assert.True(JsonNode.Parse(plain.Succeeded().Output)!["prompt_tokens"]!.AsArray().Count > 23);
    }

    [Fact]
    public async Task A_prompt_can_come_from_standard_input()
    {
        CliRun run = await CliRun.RunWithInputAsync("What is a camera?", "generate", "--model", CliRun.Lexicon, "--prompt-file", "-");
        Assert.Equal(Camera + "\n", run.Succeeded().Output);
    }

    [Fact]
    public async Task Token_options_outside_the_vocabulary_are_refused()
    {
        CliRun run = await CliRun.RunAsync("generate", "--model", CliRun.Lexicon, "--prompt", "a", "--ban-token", "4096");
        Assert.Contains("vocabulary", run.Failed(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_run_ends_with_130()
    {
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = await CommandLine.RunAsync(
            ["generate", "--model", CliRun.Lexicon, "--prompt", "a"], new CliConsole(Stream.Null, output, error), cancelled.Token);
        Assert.Equal(130, exitCode);
        Assert.Equal("Cancelled." + Environment.NewLine, error.ToString());
    }

    [Fact]
    public async Task A_chat_keeps_its_session_until_reset_and_saves_it()
    {
        string saved = _folder.FileOf("chat.json");
        CliRun run = await CliRun.RunWithInputAsync(
            $"Define freedom.\n/reset\n\nWhat is a camera?\n/save {saved}\n/frob\n/exit\nWhat is a dog?\n", "chat", "--model", CliRun.Lexicon);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(2, run.Lines.Length);
        Assert.StartsWith("freedom (noun):", run.Lines[0], StringComparison.Ordinal);
        Assert.Equal(Camera, run.Lines[1]);
        Assert.Contains("/frob", run.Error, StringComparison.Ordinal);
        JsonNode messages = JsonNode.Parse(await File.ReadAllTextAsync(saved, TestContext.Current.CancellationToken))!["messages"]!;
        Assert.Equal(["user", "assistant"], messages.AsArray().Select(message => (string?)message!["role"]));
        Assert.Equal(Camera, (string?)messages[1]!["content"]);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<JsonNode> JsonOf(params string[] options)
    {
        CliRun run = await CliRun.RunAsync(["generate", "--model", CliRun.Lexicon, "--prompt", "What is a camera?", "--json", .. options]);
        return JsonNode.Parse(run.Succeeded().Output)!;
    }
}
