using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>batch</c>: a file of requests in, a file of results out, whatever interrupts it.</summary>
public sealed class BatchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Out => _folder.FileOf("out.jsonl");

    private string Partial => Out + ".partial";

    [Fact]
    public async Task Every_request_has_its_result_in_order_also_the_wrong_ones()
    {
        string input = _folder.Write("in.jsonl", string.Join('\n', Enumerable.Range(0, 20).Select(n => Line(n, isWrong: n is 3 or 11))));
        CliRun run = await RunAsync(input, "--concurrency", "4");
        Assert.Equal((0, "", "2 of 20 requests failed; their results say why.\n"), (run.ExitCode, run.Output, run.Error));
        JsonNode[] results = await ReadAsync();
        Assert.Equal(Enumerable.Range(0, 20).Select(n => n is 3 or 11 ? 400 : 200), results.Select(result => (int)result["response"]!["status_code"]!));
        Assert.Equal("temperature", (string)results[3]["response"]!["body"]!["error"]!["param"]!);
        await CheckAsync(results, 20, n => n is 3 or 11);
        Assert.Equal(["in.jsonl", "out.jsonl"], _folder.Names);
    }

    [Theory]
    [InlineData("", "no requests")]
    [InlineData("\nnot json\n", "line 2")]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/poems\",\"body\":{}}", "/v1/poems")]
    public async Task Wrong_input_ends_with_1_before_anything_is_run(string content, string fault)
    {
        CliRun run = (await RunAsync(_folder.Write("in.jsonl", content))).Failed(1);
        Assert.Contains(fault, run.Error, StringComparison.Ordinal);
        Assert.Equal(["in.jsonl"], _folder.Names);
    }

    [Fact]
    public async Task Results_of_another_input_are_not_gone_on_with()
    {
        string input = _folder.Write("in.jsonl", Line(0));
        File.WriteAllText(Partial, "llama-engine results 1 something else\n");
        CliRun run = (await RunAsync(input)).Failed(1);
        Assert.Contains(Partial, run.Error, StringComparison.Ordinal);
        Assert.Equal("llama-engine results 1 something else\n", File.ReadAllText(Partial));
    }

    /// <summary>Everything was done, but the process stopped before it put the results in order: no model is needed any more.</summary>
    [Fact]
    public async Task What_is_all_done_is_only_put_in_order()
    {
        string input = _folder.Write("in.jsonl", Line(0)), missing = _folder.FileOf("missing.gguf");
        CliRun run = (await CliRun.RunAsync("batch", "--model", missing, "--in", input, "--out", Out)).Failed(1);
        Assert.Contains("missing.gguf", run.Error, StringComparison.Ordinal);
        byte[] header = File.ReadAllBytes(Partial);
        AspNetCore.Bulk.Storage.ResultRecord record = new(0, true, "{\"kept\":true}"u8.ToArray());
        File.WriteAllBytes(Partial, [.. header, .. record.ToLine()]);
        (await CliRun.RunAsync("batch", "--model", missing, "--in", input, "--out", Out)).Succeeded();
        Assert.Equal("{\"kept\":true}\n", File.ReadAllText(Out));
    }

    [Fact]
    public async Task Cancelled_it_ends_with_130_and_keeps_what_is_done()
    {
        const int Count = 400;
        string input = _folder.Write("in.jsonl", string.Join('\n', Enumerable.Range(0, Count).Select(n => Line(n))));
        string[] line = ["batch", "--model", CliRun.Lexicon, "--in", input, "--out", Out, "--concurrency", "1"];
        string error = await RepeatUntilInterruptedAsync(async () =>
        {
            using CancellationTokenSource source = new();
            using StringWriter output = new(), error = new() { NewLine = "\n" };
            using MemoryStream nothing = new();
            Task<int> run = CommandLine.RunAsync(line, new CliConsole(nothing, output, error), source.Token);
            await UntilLongerAsync(10_000, run);
            await source.CancelAsync();
            return (await run, error.ToString());
        }, 130);
        Assert.Contains($"of {Count} results are in {Partial}", error, StringComparison.Ordinal);
        Assert.Equal(["in.jsonl", "out.jsonl.partial"], _folder.Names);
        (await RunAsync(input)).Succeeded();
        await CheckAsync(await ReadAsync(), Count);
    }

    /// <summary>The process is killed after a part of the requests, twice; the third run ends the work.</summary>
    [Fact]
    public async Task Killed_and_run_again_it_has_every_result_once_and_in_order()
    {
        const int Count = 2000;
        string input = _folder.Write("in.jsonl", string.Join('\n', Enumerable.Range(0, Count).Select(n => Line(n))));
        int kept = 0;
        foreach (int length in (int[])[100_000, 400_000])
        {
            await RepeatUntilInterruptedAsync(async () =>
            {
                using Process process = Start(input);
                Task end = process.WaitForExitAsync(Cancellation);
                await UntilLongerAsync(length, end);
                process.Kill();
                await end;
                return (process.ExitCode, "");
            }, 128 + 9);
            // Nothing that was there is lost, however the last line ends.
            int lines = File.ReadLines(Partial).Count() - 1;
            Assert.True(lines > kept, $"{lines} after {kept}");
            kept = lines;
        }
        (await RunAsync(input)).Succeeded();
        await CheckAsync(await ReadAsync(), Count);
        Assert.Equal(["in.jsonl", "out.jsonl"], _folder.Names);
    }

    public void Dispose() => _folder.Dispose();

    private static string Line(int n, bool isWrong = false) => new JsonObject
    {
        ["custom_id"] = $"item-{n}",
        ["method"] = "POST",
        ["url"] = "/v1/completions",
        ["body"] = new JsonObject { ["prompt"] = $"word {n}", ["max_tokens"] = 8, ["temperature"] = isWrong ? 9 : 0 },
    }.ToJsonString();

    private Task<CliRun> RunAsync(string input, params string[] more) =>
        CliRun.RunAsync(["batch", "--model", CliRun.Lexicon, "--in", input, "--out", Out, .. more]);

    private Process Start(string input) => Process.Start(new ProcessStartInfo(
        "dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "llama-engine.dll"), "batch", "--model", CliRun.Lexicon, "--in", input, "--out", Out]))!;

    /// <summary>A machine may be so busy that the work was done before the interruption came; then it begins anew.</summary>
    private async Task<string> RepeatUntilInterruptedAsync(Func<Task<(int ExitCode, string Error)>> run, int exitCode)
    {
        while (true)
        {
            (int code, string error) = await run();
            if (code == exitCode)
                return error;
            Assert.Equal((0, ""), (code, error));
            File.Delete(Out);
        }
    }

    private async Task UntilLongerAsync(long length, Task end)
    {
        while (!end.IsCompleted && (new FileInfo(Partial) is not { Exists: true } file || file.Length < length))
            await Task.Delay(1, Cancellation);
    }

    private async Task<JsonNode[]> ReadAsync() =>
        [.. (await File.ReadAllTextAsync(Out, Cancellation)).TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!)];

    /// <summary>The results are those of the requests, in order, none twice, and some of them what the engine gives in this process.</summary>
    private static async Task CheckAsync(JsonNode[] results, int count, Func<int, bool>? isWrong = null)
    {
        Assert.Equal(Enumerable.Range(0, count).Select(n => $"item-{n}"), results.Select(result => (string)result["custom_id"]!));
        Assert.Equal(count, results.Select(result => (string)result["id"]!).Distinct().Count());
        await using InferenceEngine engine = InferenceEngine.Create(CliRun.Lexicon);
        for (int n = 0; n < count; n += Math.Max(1, count / 20))
        {
            if (isWrong?.Invoke(n) == true)
                continue;
            Completion completion = await engine.CompleteAsync(Prompt.FromText($"word {n}"), new GenerationOptions { MaxTokens = 8, Temperature = 0 }, Cancellation);
            Assert.Equal(completion.Text, (string)results[n]["response"]!["body"]!["choices"]![0]!["text"]!);
        }
    }
}
