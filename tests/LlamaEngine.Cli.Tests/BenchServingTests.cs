using System.Text.Json.Nodes;
using System.Xml.Linq;
using LlamaEngine.Cli.Serving;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>bench-serving</c>: its contract, on the demo model.</summary>
public sealed class BenchServingTests : IDisposable
{
    private static readonly string[] s_times = ["ttft_ms", "time_per_output_token_ms", "latency_ms"];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Every_run_reports_the_keys_of_its_contract()
    {
        JsonObject[] runs = await RunsOf("--users", "1,4", "--requests", "6", "--prompt", "5-9", "--gen", "3");
        Assert.Equal([1, 4], runs.Select(run => (int)run["users"]!));
        foreach (JsonObject run in runs)
        {
            Assert.Equal((6, 18, 0), ((int)run["requests"]!, (int)run["generated_tokens"]!, (int)run["preemptions"]!));
            Assert.InRange((int)run["prompt_tokens"]!, 6 * 5, 6 * 9);
            Assert.Equal(0, (int)run["prefix_hit_tokens"]!);
            Assert.True((double)run["throughput_tokens_per_second"]! > 0);
            Assert.False(run.ContainsKey("mismatches"));
            foreach (string times in s_times)
            {
                double[] percentiles = [.. run[times]!.AsObject().Select(pair => (double)pair.Value!)];
                Assert.Equal(["p50", "p95", "p99"], run[times]!.AsObject().Select(pair => pair.Key));
                Assert.True(percentiles[0] > 0 && percentiles.SequenceEqual(percentiles.Order()));
            }
        }
    }

    [Fact]
    public async Task With_preemptions_and_cancellations_every_request_gives_what_it_gives_alone()
    {
        JsonObject run = Assert.Single(await RunsOf(
            "--users", "6", "--requests", "14", "--prompt", "4-9", "--gen", "25-39", "--kv-tokens", "48", "--cancel", "0.3", "--verify"));
        Assert.Equal(0, (int)run["mismatches"]!);
        Assert.True((int)run["preemptions"]! > 0);
        Assert.InRange((int)run["cancelled"]!, 1, 13);
        Assert.InRange((int)run["peak_kv_tokens"]!, 1, 48);
    }

    [Fact]
    public async Task A_shared_prefix_is_found_in_the_cache_and_nothing_else_is()
    {
        // The whole blocks of the prefix, by all requests: the warm-up has computed it.
        JsonObject run = Assert.Single(await RunsOf("--users", "2", "--requests", "5", "--prompt", "80", "--gen", "2", "--shared-prefix", "70", "--verify"));
        Assert.Equal((5 * 64, 0), ((int)run["prefix_hit_tokens"]!, (int)run["mismatches"]!));
    }

    [Fact]
    public async Task Where_all_give_up_no_times_are_reported()
    {
        JsonObject run = Assert.Single(await RunsOf("--users", "2", "--requests", "4", "--prompt", "5", "--gen", "100", "--cancel", "1"));
        Assert.All(s_times, times => Assert.All(run[times]!.AsObject(), pair => Assert.Null(pair.Value)));
    }

    [Fact]
    public async Task Poisson_arrivals_stretch_a_run_over_their_times()
    {
        JsonObject run = Assert.Single(await RunsOf("--users", "2", "--requests", "3", "--prompt", "5", "--gen", "2", "--arrival", "poisson:10", "--seed", "3"));
        RequestPlanner planner = new(
            new Workload { Prompt = new(5, 5), Generated = new(2, 2), Arrival = new ArrivalProcess(10), Seed = 3 }, [.. Enumerable.Range(0, 10)]);
        planner.Plan(16); // the warm-up
        TimeSpan last = planner.Plan(3)[^1].Arrival!.Value;
        Assert.True((double)run["wall_seconds"]! >= last.TotalSeconds);
    }

    [Fact]
    public async Task The_plot_is_XML_with_a_curve_for_every_series()
    {
        string file = _folder.FileOf("plot.svg");
        CliRun run = await CliRun.RunAsync(
            "bench-serving", "--model", CliRun.Lexicon, "--users", "1,2", "--requests", "2", "--prompt", "4", "--gen", "2", "--plot", file);
        Assert.Equal(4 + 1, run.Succeeded().Lines.Length);
        XNamespace svg = "http://www.w3.org/2000/svg";
        XElement plot = XElement.Load(file);
        Assert.Equal(svg + "svg", plot.Name);
        Assert.Equal(5, plot.Elements(svg + "polyline").Count());
        Assert.Equal(5 * 2, plot.Elements(svg + "circle").Count());
    }

    [Theory]
    [InlineData("--prompt 400 --gen 200", "512")]
    [InlineData("--prompt 40 --gen 20 --kv-tokens 50", "--kv-tokens")]
    public async Task Requests_that_can_never_fit_are_refused_before_anything_runs(string options, string named)
    {
        CliRun run = await CliRun.RunAsync(["bench-serving", "--model", CliRun.Lexicon, .. options.Split(' ')]);
        Assert.Contains(named, run.Failed(2).Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<JsonObject[]> RunsOf(params string[] options)
    {
        CliRun run = await CliRun.RunAsync(["bench-serving", "--model", CliRun.Lexicon, "--json", .. options]);
        return [.. JsonNode.Parse(run.Succeeded().Output)!["runs"]!.AsArray().Select(node => node!.AsObject())];
    }
}
