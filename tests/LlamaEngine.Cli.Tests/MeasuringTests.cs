using System.Text.Json.Nodes;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>bench</c>, <c>perplexity</c> and <c>logits</c>: their contracts, on the demo model.</summary>
public sealed class MeasuringTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(new double[] { 5 }, 5, 5, 5)]
    [InlineData(new double[] { 3, 1 }, 2, 1, 3)]
    [InlineData(new double[] { 9, 1, 4 }, 4, 1, 9)]
    public void A_spread_is_median_least_and_greatest(double[] values, double median, double least, double greatest) =>
        Assert.Equal(new Spread(median, least, greatest), Spread.Of(values));

    [Theory]
    [InlineData("--model")]
    [InlineData("--synthetic")]
    public async Task Bench_reports_exactly_the_keys_of_its_contract(string source)
    {
        string model = source == "--model" ? CliRun.Lexicon : "smollm2-135m:Q4_0";
        CliRun run = await CliRun.RunAsync("bench", source, model, "--prompt", "4", "--gen", "2", "--repeat", "1", "--threads", "2", "--json");

        JsonObject json = JsonNode.Parse(run.Succeeded().Output)!.AsObject();
        Assert.Equal(
            ["prefill_tokens_per_second", "decode_tokens_per_second", "load_seconds", "threads", "device", "weight_bytes"],
            json.Select(pair => pair.Key));
        foreach (string rate in (string[])["prefill_tokens_per_second", "decode_tokens_per_second"])
        {
            Assert.Equal(["median", "min", "max"], json[rate]!.AsObject().Select(pair => pair.Key));
            Assert.True((double?)json[rate]!["min"] > 0);
        }
        Assert.Equal(2, (int?)json["threads"]);
        Assert.True((long?)json["weight_bytes"] > 1_000_000);
    }

    [Fact]
    public async Task Bench_measures_no_more_than_the_context_holds()
    {
        CliRun run = await CliRun.RunAsync("bench", "--model", CliRun.Lexicon, "--prompt", "512", "--gen", "1", "--repeat", "1", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("511", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logits_are_rows_of_all_sequences_each_from_position_0()
    {
        // Long enough to take several steps, in which the engine computes the sequences side by side.
        int[][] sequences = [[4091, 66, 403], [], [.. Enumerable.Range(100, 150)], [66], [.. Enumerable.Range(900, 130)]];
        List<byte> expected = [];
        foreach (int[] sequence in sequences.Where(sequence => sequence.Length > 0))
            expected.AddRange(await LogitsOf([sequence]));

        byte[] rows = await LogitsOf(sequences);

        Assert.Equal(284 * 4096 * sizeof(float), rows.Length);
        Assert.True(rows.AsSpan().SequenceEqual(expected.ToArray()));
    }

    [Theory]
    [InlineData("[[4096]]", "4096")]
    [InlineData("[1, 2]", "tokens.json")]
    [InlineData("[null]", "tokens.json")]
    [InlineData("{}", "tokens.json")]
    public async Task Bad_token_files_leave_no_output(string tokens, string named)
    {
        CliRun run = await CliRun.RunAsync("logits", "--model", CliRun.Lexicon, "--tokens", _folder.Write("tokens.json", tokens), "--out", _folder.FileOf("out.bin"));
        Assert.Contains(named, run.Failed(1).Error, StringComparison.Ordinal);
        Assert.Equal(["tokens.json"], _folder.Names);
    }

    [Fact]
    public async Task Perplexity_prefers_what_the_model_was_trained_on()
    {
        double known = await PerplexityOf(string.Concat(Enumerable.Repeat("camera (noun): equipment for taking photographs. ", 12)));
        double unknown = await PerplexityOf(string.Concat(Enumerable.Repeat("zq xv, photographs noun the the of: camera taking ", 12)));
        Assert.True(1 < known && known < unknown, $"{known} and {unknown}");
    }

    [Fact]
    public async Task Perplexity_needs_two_contexts_of_text()
    {
        CliRun run = await CliRun.RunAsync("perplexity", "--model", CliRun.Lexicon, "--file", _folder.Write("text", "too short"), "--context", "64");
        Assert.Contains("128", run.Failed(1).Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<byte[]> LogitsOf(int[][] sequences)
    {
        string tokens = _folder.Write("tokens.json", $"[{string.Join(", ", sequences.Select(ids => $"[{string.Join(", ", ids)}]"))}]");
        string file = _folder.FileOf("logits.bin");
        (await CliRun.RunAsync("logits", "--model", CliRun.Lexicon, "--tokens", tokens, "--out", file)).Succeeded();
        return await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
    }

    private async Task<double> PerplexityOf(string text)
    {
        CliRun run = await CliRun.RunAsync("perplexity", "--model", CliRun.Lexicon, "--file", _folder.Write("text", text), "--context", "16", "--json");
        JsonObject json = JsonNode.Parse(run.Succeeded().Output)!.AsObject();
        Assert.Equal(["perplexity", "chunks", "tokens"], json.Select(pair => pair.Key));
        Assert.Equal((int?)json["chunks"] * 7, (int?)json["tokens"]);
        return (double)json["perplexity"]!;
    }
}
