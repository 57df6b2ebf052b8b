using LlamaEngine.Backends;
using LlamaEngine.KvCache;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Tests.Scheduling;

/// <summary>The scheduler over a real pool, with sequences that stand in for the model.</summary>
public sealed class SchedulerTests
{
    private const int BlockSize = 4, Budget = 16;

    private readonly BatchPlan _plan = new(Budget, 8, 1024, BlockSize);
    private long _arrivals;

    [Fact]
    public void A_long_prompt_is_computed_in_chunks_beside_running_sequences()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 64);
        TestSequence running = Enqueue(scheduler, Prompt(3), 20);
        Step(scheduler, pool);
        TestSequence longer = Enqueue(scheduler, Prompt(40, seed: 1), 2);
        foreach (int chunk in (int[])[Budget - 1, Budget - 1, 40 - 2 * (Budget - 1)])
        {
            scheduler.Schedule(_plan);
            Assert.Equal(running, scheduler.Planned[0]);
            Assert.Equal(1 + chunk, _plan.TokenCount);
            Apply(scheduler, pool);
        }
        Assert.Equal(4, running.Generated.Length);
        Assert.Single(longer.Generated);
    }

    [Fact]
    public void Admission_is_in_order_of_priority_then_arrival()
    {
        (Scheduler scheduler, _) = Make(blocks: 64, maxSequences: 2);
        TestSequence first = Enqueue(scheduler, Prompt(2), 4), second = Enqueue(scheduler, Prompt(2, seed: 1), 4);
        TestSequence urgent = Enqueue(scheduler, Prompt(2, seed: 2), 4, priority: 1);
        scheduler.Schedule(_plan);
        Assert.Equal([urgent, first], scheduler.Running);
        Assert.Equal([second], scheduler.Waiting);
    }

    [Fact]
    public void The_last_come_is_preempted_and_ends_as_if_it_had_not_been()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 8);
        TestSequence first = Enqueue(scheduler, Prompt(8), 20), second = Enqueue(scheduler, Prompt(8, seed: 1), 20);
        for (int i = 0; i < 200 && !(first.Completed && second.Completed); i++)
            Step(scheduler, pool);
        Assert.True(scheduler.Preemptions > 0);
        Assert.Equal(TestSequence.Expected(Prompt(8), 20), first.Generated);
        Assert.Equal(TestSequence.Expected(Prompt(8, seed: 1), 20), second.Generated);
        Assert.Equal(pool.Count, pool.Available);
    }

    [Fact]
    public void A_sequence_that_there_is_no_room_for_has_not_started()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 4);
        TestSequence first = Enqueue(scheduler, Prompt(9), 4), second = Enqueue(scheduler, Prompt(9, seed: 1), 1);
        Step(scheduler, pool);
        Step(scheduler, pool);
        Assert.Equal((1, 0, -1), (first.Starts, second.Starts, second.CachedTokens));
        for (int i = 0; i < 20 && !second.Completed; i++)
            Step(scheduler, pool);
        Assert.Equal((1, 0), (second.Starts, second.CachedTokens));
    }

    [Fact]
    public void An_equal_prefix_is_found_in_the_cache()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 64);
        TestSequence first = Enqueue(scheduler, Prompt(13), 1);
        Step(scheduler, pool);
        TestSequence second = Enqueue(scheduler, Prompt(13), 1);
        Step(scheduler, pool);
        Assert.Equal((0, 12), (first.CachedTokens, second.CachedTokens));
        Assert.True(second.Completed);
    }

    [Fact]
    public void The_last_token_of_a_prompt_is_always_computed()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 64);
        Enqueue(scheduler, Prompt(12), 1);
        Step(scheduler, pool);
        TestSequence second = Enqueue(scheduler, Prompt(12), 1);
        Step(scheduler, pool);
        Assert.Equal(8, second.CachedTokens);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(20)]
    [InlineData(200)]
    public void Random_traffic_keeps_the_books_and_loses_nothing(int blocks)
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks);
        var random = new Random(blocks);
        var live = new List<(TestSequence Sequence, int[] Prompt, int Generate)>();
        int finished = 0;
        for (int step = 0; step < 4000; step++)
        {
            if (random.Next(3) == 0 && live.Count < 20)
            {
                int[] prompt = Prompt(random.Next(1, 24), seed: random.Next(3));
                int generate = random.Next(1, 20);
                live.Add((Enqueue(scheduler, prompt, generate, random.Next(10) == 0 ? 1 : 0), prompt, generate));
            }
            if (live.Count > 0 && random.Next(12) == 0)
            {
                int victim = random.Next(live.Count);
                scheduler.Remove(live[victim].Sequence);
                live.RemoveAt(victim);
            }
            Step(scheduler, pool);
            CheckBooks(scheduler, pool);
            foreach ((TestSequence sequence, int[] prompt, int generate) in live.Where(item => item.Sequence.Completed).ToList())
            {
                Assert.Equal(TestSequence.Expected(prompt, generate), sequence.Generated);
                finished++;
            }
            live.RemoveAll(item => item.Sequence.Completed);
        }
        Assert.True(finished > 200, $"only {finished} finished");
    }

    private static (Scheduler Scheduler, BlockPool Pool) Make(int blocks, int maxSequences = 8)
    {
        var pool = new BlockPool(blocks, BlockSize);
        return (new Scheduler(pool, maxSequences, maxLogitRows: 64), pool);
    }

    private static int[] Prompt(int length, int seed = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(50))];
    }

    private TestSequence Enqueue(Scheduler scheduler, int[] prompt, int generate, int priority = 0)
    {
        var sequence = new TestSequence(prompt, generate) { Priority = priority, Arrival = _arrivals++ };
        scheduler.Enqueue(sequence);
        return sequence;
    }

    private void Step(Scheduler scheduler, BlockPool pool)
    {
        scheduler.Schedule(_plan);
        Apply(scheduler, pool);
    }

    /// <summary>What the loop does behind a forward pass, and a check that the plan was consistent.</summary>
    private void Apply(Scheduler scheduler, BlockPool pool)
    {
        Assert.True(_plan.TokenCount <= Budget);
        Assert.Equal(_plan.TokenCount, _plan.CacheSlots.ToArray().Distinct().Count());
        for (int i = 0; i < scheduler.Planned.Count; i++)
        {
            Sequence sequence = scheduler.Planned[i];
            PlannedSequence planned = _plan.Sequences[i];
            Assert.Equal(sequence.Computed, planned.FirstPosition);
            Assert.True(sequence.Tokens.Slice(planned.FirstPosition, planned.RowCount).SequenceEqual(_plan.Tokens.Slice(planned.FirstRow, planned.RowCount)));
            sequence.Advance(pool, planned.RowCount);
            if (sequence.Pending > 0 || !sequence.TakeLogits(planned.ContextLength - 1, []))
                continue;
            scheduler.Remove(sequence);
            sequence.End(null);
        }
    }

    private static void CheckBooks(Scheduler scheduler, BlockPool pool)
    {
        int[] held = new int[pool.Count];
        foreach (Sequence sequence in scheduler.Running.Concat(scheduler.Waiting))
        {
            foreach (int block in sequence.Blocks)
                held[block]++;
        }
        pool.CheckIntegrity(held);
        Assert.All(scheduler.Waiting, sequence => Assert.Equal(0, sequence.Blocks.Length));
    }
}
