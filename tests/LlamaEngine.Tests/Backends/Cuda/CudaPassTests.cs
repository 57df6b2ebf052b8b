using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Backends.Cuda.Passes;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Passes: recorded and replayed, one ahead of what is read, abandoned.</summary>
public sealed class CudaPassTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(5, 8)]
    [InlineData(8, 8)]
    [InlineData(9, 16)]
    [InlineData(17, 24)]
    [InlineData(25, 32)]
    [InlineData(33, 48)]
    [InlineData(49, 64)]
    [InlineData(65, 80)]
    [InlineData(129, 160)]
    [InlineData(256, 256)]
    [InlineData(257, 320)]
    public void Rows_are_padded_by_little(int rows, int padded) => Assert.Equal(padded, PassShape.PaddedRows(rows));

    [Fact]
    public void Padding_is_less_than_half_of_the_rows_from_seventeen_on()
    {
        for (int rows = 1; rows < 5000; rows++)
        {
            int padded = PassShape.PaddedRows(rows);
            Assert.InRange(padded, rows, rows < 17 ? 2 * rows : rows + rows / 2);
            Assert.Equal(padded, PassShape.PaddedRows(padded));
        }
    }

    [Fact]
    public void The_least_recently_used_pass_is_forgotten()
    {
        using GraphCache cache = new();
        RecordedPass first = cache.Find(Key(0)), second = cache.Find(Key(1));
        for (int i = 2; i < GraphCache.Capacity; i++)
            cache.Find(Key(i));
        Assert.Same(first, cache.Find(Key(0)));
        cache.Find(Key(GraphCache.Capacity));
        Assert.Equal(GraphCache.Capacity, cache.Count);
        Assert.Same(first, cache.Find(Key(0)));
        Assert.NotSame(second, cache.Find(Key(1)));
        Assert.NotSame(first, cache.Find(Key(0) with { Slot = 1 }));

        static GraphKey Key(int rows) => new(0, new PassShape(rows, rows, 0, rows, 0, 1, true));
    }

    [Fact]
    public void A_replayed_pass_gives_the_same_bits_as_a_computed_one()
    {
        using CudaBench replaying = CudaBench.Open(), computing = CudaBench.Open(useGraphs: false);
        using TinyNetwork a = new(replaying), b = new(computing);
        int[] positions = new int[TinyNetwork.MaxSequences];
        int step = 0;
        // Rows that need padding and rows that do not, few and many; each often enough to be recorded in both slots, then replayed.
        foreach (int rows in new[] { 3, 3, 3, 3, 3, 3, 8, 8, 8, 8, 8, 8, 17, 17, 17, 17, 17, 17, 23, 23, 23, 23, 23, 23, 3, 17, 17, 3 })
        {
            BatchPlan plan = TinyNetwork.Plan(step++ % 2);
            for (int i = 0; i < rows; i++)
                plan.Add([(7 * i + step) % TinyNetwork.Vocabulary], positions[i]++, TinyNetwork.BlocksOf(i), WantedRows.Last);
            a.Forward(plan);
            b.Forward(plan);
            replaying.Backend.Finish(plan);
            for (int row = 0; row < rows; row++)
            {
                Assert.Equal(b.Logits(plan, row).ToArray(), a.Logits(plan, row).ToArray());
                Assert.DoesNotContain(a.Logits(plan, row).ToArray(), float.IsNaN);
            }
        }
        Assert.Equal(6, replaying.Backend.KnownPasses); // 4, 8 and 24 rows in two slots
        Assert.Equal(28 - 6, replaying.Backend.GraphLaunches);
        Assert.Equal(0, computing.Backend.GraphLaunches);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Steps_ahead_draw_the_same_tokens_as_steps_one_by_one(bool useGraphs)
    {
        const int Rows = 5, Steps = 12;
        using CudaBench ahead = CudaBench.Open(useGraphs: useGraphs), byHost = CudaBench.Open(useGraphs: false);
        using TinyNetwork a = new(ahead), b = new(byHost);
        var expected = new List<int[]>();
        int[] tokens = [1, 2, 3, 4, 5];
        BatchPlan single = TinyNetwork.Plan(0);
        for (int step = 0; step < Steps; step++)
        {
            Fill(single, tokens, step, draws: false);
            b.Forward(single);
            byHost.Backend.Finish(single);
            for (int i = 0; i < Rows; i++)
                tokens[i] = IndexOfLargest(b.Logits(single, i));
            expected.Add([.. tokens]);
        }

        var actual = new List<int[]>();
        BatchPlan[] plans = [TinyNetwork.Plan(0), TinyNetwork.Plan(1)];
        int[] references = [~0, ~1, ~2, ~3, ~4];
        for (int step = 0; step <= Steps; step++)
        {
            BatchPlan plan = plans[step % 2], before = plans[(step + 1) % 2];
            if (step < Steps)
            {
                Fill(plan, step == 0 ? [1, 2, 3, 4, 5] : references, step, draws: true);
                a.Forward(plan);
            }
            if (step == 0)
                continue;
            // The step before is read while this one is in flight.
            ahead.Backend.Finish(before);
            actual.Add(ahead.Backend.Drawn(before).ToArray());
        }
        Assert.Equal(expected, actual);
        Assert.Contains(expected, step => step.Distinct().Count() > 1);
        Assert.Equal(useGraphs, ahead.Backend.GraphLaunches > 0);
    }

    [Fact]
    public void Logits_of_a_finished_pass_are_its_own_while_the_next_is_in_flight()
    {
        using CudaBench bench = CudaBench.Open(), alone = CudaBench.Open(useGraphs: false);
        using TinyNetwork a = new(bench), b = new(alone);
        BatchPlan[] plans = [TinyNetwork.Plan(0), TinyNetwork.Plan(1)];
        float[][] expected = new float[8][];
        for (int step = 0; step < expected.Length; step++)
        {
            Fill(plans[0], [step, step + 1, 9, 9, 9], step, draws: false);
            b.Forward(plans[0]);
            expected[step] = b.Logits(plans[0], 1).ToArray();
        }
        for (int step = 0; step < expected.Length; step++)
        {
            Fill(plans[step % 2], [step, step + 1, 9, 9, 9], step, draws: false);
            a.Forward(plans[step % 2]);
            if (step > 0)
                Assert.Equal(expected[step - 1], a.Logits(plans[(step + 1) % 2], 1).ToArray());
        }
        Assert.Equal(expected[^1], a.Logits(plans[1], 1).ToArray());
    }

    [Fact]
    public void Biases_and_penalties_go_with_the_plan()
    {
        using CudaBench bench = CudaBench.Open();
        using TinyNetwork network = new(bench);
        BatchPlan plan = TinyNetwork.Plan(0);
        for (int turn = 0; turn < 4; turn++)
        {
            Fill(plan, [1, 2, 3, 4, 5], turn, draws: true);
            network.Forward(plan);
            bench.Backend.Finish(plan);
            int[] best = bench.Backend.Drawn(plan).ToArray();

            Fill(plan, [1, 2, 3, 4, 5], turn, draws: false);
            plan.Sampling!.TrySkip();
            for (int row = 1; row < 5; row++)
            {
                Draw(plan, row);
                Assert.True(plan.Sampling.TryAdjust(best[row], float.NegativeInfinity));
                Assert.True(plan.Sampling.TryAdjust(row, 1e9f));
            }
            network.Forward(plan);
            bench.Backend.Finish(plan);
            for (int row = 1; row < 5; row++)
                Assert.Equal(row, best[row] == row ? row : bench.Backend.Drawn(plan)[row]);
        }
    }

    [Fact]
    public void Prompts_and_decoding_go_in_one_pass_and_only_wanted_rows_go_on()
    {
        using CudaBench bench = CudaBench.Open(), other = CudaBench.Open();
        using TinyNetwork a = new(bench), b = new(other);
        BatchPlan together = TinyNetwork.Plan(0), alone = TinyNetwork.Plan(1);
        int[] prompt = [.. Enumerable.Range(3, 20)];
        together.Add(prompt, 0, TinyNetwork.BlocksOf(0), WantedRows.Last, WantedRows.First);
        together.Add([1], 0, TinyNetwork.BlocksOf(1), WantedRows.Last);
        together.Add([4, 5], 0, TinyNetwork.BlocksOf(2), WantedRows.None, WantedRows.All);
        a.Forward(together);
        bench.Backend.Finish(together);

        alone.Add(prompt, 0, TinyNetwork.BlocksOf(0), WantedRows.Last);
        b.Forward(alone);
        AssertClose(b.Logits(alone, 0), a.Logits(together, 0));
        alone.Clear();
        alone.Add([1], 0, TinyNetwork.BlocksOf(1), WantedRows.Last);
        b.Forward(alone);
        AssertClose(b.Logits(alone, 0), a.Logits(together, 1));
        alone.Clear();
        alone.Add([4, 5], 0, TinyNetwork.BlocksOf(2), WantedRows.None, WantedRows.Last);
        b.Forward(alone);
        AssertClose(b.HiddenState(alone, 0), a.HiddenState(together, 4));
    }

    [Fact]
    public void A_pass_that_was_left_in_the_middle_does_not_disturb_the_next()
    {
        using CudaBench bench = CudaBench.Open(), undisturbed = CudaBench.Open(useGraphs: false);
        using TinyNetwork a = new(bench), b = new(undisturbed);
        BatchPlan plan = TinyNetwork.Plan(0);
        for (int step = 0; step < 6; step++)
        {
            Fill(plan, [1, 2, 3, 4, 5], step, draws: false);
            // Computed, recorded, replayed: each is abandoned once.
            bench.Backend.BeginStep(plan);
            a.Begin(plan);
            a.Forward(plan);
            b.Forward(plan);
            Assert.Equal(b.Logits(plan, 4).ToArray(), a.Logits(plan, 4).ToArray());
        }
        Assert.True(bench.Backend.GraphLaunches > 0);
        // And one at the end of all.
        bench.Backend.BeginStep(plan);
        a.Begin(plan);
    }

    [Fact]
    public void Memory_that_grows_makes_no_graph_stale()
    {
        using CudaBench bench = CudaBench.Open(), computing = CudaBench.Open(useGraphs: false);
        using TinyNetwork a = new(bench), b = new(computing);
        BatchPlan plan = TinyNetwork.Plan(0);
        int position = 0;
        // Few rows, then a prompt of many with more chunks: scratch memory moves. Then few again.
        for (int step = 0; step < 5; step++)
            Compare(5);
        plan.Clear();
        plan.Add(new int[40], 0, TinyNetwork.BlocksOf(20), WantedRows.Last);
        a.Forward(plan);
        b.Forward(plan);
        Activations large = bench.Backend.Allocate(1, 8);
        large.Dispose();
        for (int step = 0; step < 5; step++)
            Compare(20);
        for (int step = 0; step < 5; step++)
            Compare(5);

        void Compare(int rows)
        {
            plan.Clear();
            for (int i = 0; i < rows; i++)
                plan.Add([i], position, TinyNetwork.BlocksOf(i), WantedRows.Last);
            position++;
            a.Forward(plan);
            b.Forward(plan);
            Assert.Equal(b.Logits(plan, rows - 1).ToArray(), a.Logits(plan, rows - 1).ToArray());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_decode_step_allocates_nothing(bool useGraphs)
    {
        using CudaBench bench = CudaBench.Open(useGraphs: useGraphs);
        using TinyNetwork network = new(bench);
        BatchPlan[] plans = [TinyNetwork.Plan(0), TinyNetwork.Plan(1)];
        int[][] blocks = [.. Enumerable.Range(0, 5).Select(TinyNetwork.BlocksOf)];
        int[] token = [0];
        long before = 0;
        for (int step = 0; step < 60; step++)
        {
            if (step == 20)
                before = GC.GetAllocatedBytesForCurrentThread();
            BatchPlan plan = plans[step % 2];
            plan.Clear();
            for (int i = 0; i < 5; i++)
            {
                token[0] = step == 0 ? i : ~i;
                plan.Add(token, step, blocks[i], WantedRows.Last);
                Draw(plan, i);
            }
            network.Forward(plan);
            if (step > 0)
            {
                bench.Backend.Finish(plans[(step + 1) % 2]);
                _ = bench.Backend.Drawn(plans[(step + 1) % 2])[0];
                _ = network.Logits(plans[(step + 1) % 2], 0);
            }
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Fill(BatchPlan plan, int[] tokens, int position, bool draws)
    {
        plan.Clear();
        for (int i = 0; i < tokens.Length; i++)
        {
            plan.Add([tokens[i]], position, TinyNetwork.BlocksOf(i), WantedRows.Last);
            if (draws)
                Draw(plan, i);
        }
    }

    private static void Draw(BatchPlan plan, int row)
    {
        ref RowSampling sampling = ref plan.Sampling!.Begin();
        (sampling.LogitRow, sampling.TopP, sampling.RepetitionPenalty) = (row, 1, 1);
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
            best = values[i] > values[best] ? i : best;
        return best;
    }

    // Few and many rows are multiplied by different kernels, of which one rounds to 16 bits.
    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        float largest = 0;
        foreach (float value in expected)
            largest = Math.Max(largest, Math.Abs(value));
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-2f * largest);
    }
}
