using System.Text;
using System.Xml.Linq;
using LlamaEngine.Cli.Json;
using LlamaEngine.Cli.Serving;

namespace LlamaEngine.Cli.Tests;

/// <summary>What <c>bench-serving</c> is made of.</summary>
public sealed class ServingTests
{
    private static readonly Workload s_workload = new() { Prompt = new(2, 5), Generated = new(1, 9), Seed = 7 };

    [Theory]
    [InlineData("100", 100, 100)]
    [InlineData("16-64", 16, 64)]
    [InlineData("7-7", 7, 7)]
    public void Ranges_are_one_number_or_two(string text, int least, int most)
    {
        Assert.True(ValueRange.TryParse(text, 100, out ValueRange range));
        Assert.Equal(new ValueRange(least, most), range);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("101")]
    [InlineData("5-")]
    [InlineData("-5")]
    [InlineData("5-4")]
    [InlineData("1-2-3")]
    [InlineData("1 - 2")]
    [InlineData("+1")]
    [InlineData("1e2")]
    public void Other_ranges_are_refused(string text) => Assert.False(ValueRange.TryParse(text, 100, out _));

    [Theory]
    [InlineData("poisson:")]
    [InlineData("poisson:-1")]
    [InlineData("poisson:NaN")]
    [InlineData("poisson:1e9999")]
    [InlineData("Closed")]
    public void Other_arrivals_are_refused(string text) => Assert.False(ArrivalProcess.TryParse(text, out _));

    [Fact]
    public void Gaps_are_exponential()
    {
        Assert.True(ArrivalProcess.TryParse("poisson:4.5", out ArrivalProcess arrival));
        Random random = new(1);
        double[] gaps = [.. Enumerable.Range(0, 20_000).Select(_ => arrival.DrawGap(random)!.Value.TotalSeconds)];
        // Mean and deviation are both 1 ÷ rate; a share of 1 ÷ e is longer than that.
        Assert.Equal(1 / 4.5, gaps.Average(), 0.01);
        Assert.Equal(Math.Exp(-1), gaps.Count(gap => gap > 1 / 4.5) / 20_000.0, 0.01);
    }

    [Fact]
    public void Percentiles_lie_between_their_neighbours()
    {
        TimeSpan[] times = [.. Enumerable.Range(0, 101).Reverse().Select(i => TimeSpan.FromMilliseconds(i))];
        Assert.Equal(new Percentiles(50, 95, 99), Percentiles.Of(times));
        Assert.Equal(new Percentiles(3, 3, 3), Percentiles.Of([TimeSpan.FromMilliseconds(3)]));
        Percentiles two = Percentiles.Of([TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(10)]);
        Assert.Equal((15, 19.5, 19.9), (two.P50!.Value, Math.Round(two.P95!.Value, 9), Math.Round(two.P99!.Value, 9)));
    }

    [Fact]
    public void A_seed_fixes_the_requests_whether_or_not_they_are_withdrawn()
    {
        PlannedRequest[] kept = Plan(s_workload, 200), same = Plan(s_workload, 200);
        PlannedRequest[] withdrawn = Plan(s_workload with { CancelledShare = 0.5 }, 200);
        Assert.Equal(Describe(kept), Describe(same));
        Assert.Equal(Describe(kept), Describe(withdrawn));
        Assert.NotEqual(Describe(kept), Describe(Plan(s_workload with { Seed = 8 }, 200)));
        Assert.All(kept, request => Assert.Null(request.Withdrawal));
        Withdrawal[] withdrawals = [.. withdrawn.Select(request => request.Withdrawal).OfType<Withdrawal>()];
        Assert.InRange(withdrawals.Length, 70, 130);
        Assert.Equal(Enum.GetValues<WithdrawalKind>(), withdrawals.Select(withdrawal => withdrawal.Kind).Distinct().Order());

        static string Describe(PlannedRequest[] requests) => string.Join('\n', requests.Select(
            request => $"{string.Join(',', request.Prompt)} {request.Options.MaxTokens} {request.Options.Temperature} {request.Options.Seed}"));
    }

    [Fact]
    public void Lengths_span_their_ranges_and_only_the_prefix_is_shared()
    {
        PlannedRequest[] requests = Plan(s_workload with { SharedPrefix = 3 }, 300);
        Assert.Equal([2, 3, 4, 5], requests.Select(request => request.Prompt.Length).Distinct().Order());
        Assert.Equal(Enumerable.Range(1, 9), requests.Select(request => request.Options.MaxTokens!.Value).Distinct().Order());
        int[] first = requests.First(request => request.Prompt.Length > 3).Prompt;
        Assert.All(requests, request => Assert.StartsWith(string.Join(',', request.Prompt.Take(3)) + ",", string.Join(',', first[..3]) + ",", StringComparison.Ordinal));
        Assert.True(requests.Where(request => request.Prompt.Length > 3).Select(request => request.Prompt[3]).Distinct().Count() > 50);
    }

    [Fact]
    public async Task The_oracle_finds_a_single_wrong_bit()
    {
        await using InferenceEngine engine = InferenceEngine.Create(new EngineOptions { ModelPath = CliRun.Lexicon, MaxSequences = 1, KvCacheTokens = 64, ContextLength = 64 });
        StandaloneOracle oracle = new(engine);
        PlannedRequest plan = Plan(s_workload with { Verify = true, Generated = new(6, 6), Temperature = 0.8f }, 2)[1];
        List<CompletionUpdate> updates = [];
        await foreach (CompletionUpdate update in engine.GenerateAsync(plan.Prompt, plan.Options, Token))
            updates.Add(update);
        CompletionUpdate third = updates[2];
        float probability = third.LogProbability!.Value;
        CompletionUpdate[] wrong =
        [
            third with { TokenId = third.TokenId ^ 1 },
            third with { LogProbability = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(probability) ^ 1) },
            third with { TopLogProbabilities = third.TopLogProbabilities.SetItem(1, third.TopLogProbabilities[0]) },
        ];

        Assert.True(await ConfirmsAsync(updates, cancelled: false));
        Assert.True(await ConfirmsAsync(updates[..4], cancelled: true));
        Assert.True(await ConfirmsAsync([], cancelled: true));
        Assert.False(await ConfirmsAsync(updates[..5], cancelled: false));
        foreach (CompletionUpdate update in wrong)
        {
            Assert.False(await ConfirmsAsync([.. updates[..2], update, .. updates[3..]], cancelled: false));
            Assert.False(await ConfirmsAsync([.. updates[..2], update], cancelled: true));
        }

        Task<bool> ConfirmsAsync(List<CompletionUpdate> given, bool cancelled)
        {
            ServedRequest served = new(plan, 0) { Cancelled = cancelled };
            given.ForEach(served.Add);
            return oracle.ConfirmsAsync(served, Token);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4, 1)]
    [InlineData(4.1, 2)]
    [InlineData(9, 5)]
    [InlineData(0.3, 0.1)]
    [InlineData(81_000, 50_000)]
    public void Ticks_stand_at_round_numbers(double most, double step) => Assert.Equal(step, PlotPanel.NiceStep(most), step * 1e-9);

    [Fact]
    public void A_plot_survives_hostile_names_and_runs_without_times()
    {
        ServingResult result = new()
        {
            Model = "<a & \"b\"\u0001\uD800>",
            Device = "cpu",
            Processor = "p",
            KvTokens = 1,
            Prompt = "1",
            Gen = "1",
            SharedPrefix = 0,
            Arrival = "closed",
            Temperature = 0,
            Seed = 0,
            Runs = [new ServingRun { Users = 1 }, new ServingRun { Users = 2, TtftMs = new Percentiles(1, 2, 3) }],
        };
        using MemoryStream stream = new();
        ServingPlot.Write(stream, result);
        XElement plot = XElement.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        Assert.StartsWith("<a & \"b\"\uFFFD\uFFFD>, cpu", plot.Elements().First(element => element.Name.LocalName == "text").Value, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static PlannedRequest[] Plan(Workload workload, int count) => new RequestPlanner(workload, [.. Enumerable.Range(10, 1000)]).Plan(count);
}
