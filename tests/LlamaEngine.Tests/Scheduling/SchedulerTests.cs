using LlamaEngine.Backends;
using LlamaEngine.KvCache;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Tests.Scheduling;

/// <summary>The scheduler over a real pool, with sequences that stand in for the model.</summary>
public sealed class SchedulerTests
{
    private const int BlockSize = 4, Budget = 16;

    private readonly BatchPlan _plan = new(Budget, 8, 1024, BlockSize);
    private FakeCache _cache = null!;
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

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(11)]
    public void Followers_share_the_prompts_blocks_and_copy_the_last_before_they_write(int length)
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 64);
        TestSequence leader = EnqueueFamily(scheduler, Prompt(length), 6, followers: 3)[0];
        Step(scheduler, pool);
        Assert.Equal(4, scheduler.Running.Count);
        int shared = (length + BlockSize - 1) / BlockSize;
        Assert.Equal(shared, pool.Count - pool.Available);
        Assert.All(scheduler.Running, sequence => Assert.True(sequence.Blocks.SequenceEqual(leader.Blocks)));
        Step(scheduler, pool);
        // The last one to write keeps the shared block; a full block is not written to.
        Assert.Equal(length % BlockSize == 0 ? 0 : 3, _plan.BlockCopies.Length);
        Assert.Equal(shared + (length % BlockSize == 0 ? 4 : 3), pool.Count - pool.Available);
    }

    [Fact]
    public void Followers_that_find_no_room_to_run_wait_and_compute_for_themselves()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 64, maxSequences: 2);
        List<TestSequence> family = EnqueueFamily(scheduler, Prompt(9), 5, followers: 3);
        Step(scheduler, pool);
        Assert.Equal((2, 2), (scheduler.Running.Count, scheduler.Waiting.Count));
        for (int i = 0; i < 40; i++)
            Step(scheduler, pool);
        Assert.All(family, sequence => Assert.Equal(TestSequence.Expected(Prompt(9), 5, sequence.Salt), sequence.Generated));
        Assert.Equal(pool.Count, pool.Available);
    }

    [Fact]
    public void A_running_sequence_is_left_a_block_when_others_are_admitted()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 6);
        TestSequence first = Enqueue(scheduler, Prompt(8), 12);
        Step(scheduler, pool);
        Enqueue(scheduler, Prompt(16, seed: 1), 1);
        Step(scheduler, pool);
        Assert.Equal([first], scheduler.Running);
        Assert.Equal(0, scheduler.Preemptions);
    }

    [Fact]
    public void A_sequence_that_there_is_no_room_for_has_not_started()
    {
        (Scheduler scheduler, BlockPool pool) = Make(blocks: 4);
        TestSequence first = Enqueue(scheduler, Prompt(9), 4), second = Enqueue(scheduler, Prompt(9, seed: 1), 1);
        Step(scheduler, pool);
        Step(scheduler, pool);
        Assert.Equal((true, false, -1), (first.StartedAt > 0, second.StartedAt > 0, second.CachedTokens));
        for (int i = 0; i < 20 && !second.Completed; i++)
            Step(scheduler, pool);
        Assert.Equal((true, 0), (second.StartedAt > 0, second.CachedTokens));
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
        int finished = 0, copies = 0;
        for (int step = 0; step < 4000; step++)
        {
            if (random.Next(3) == 0 && live.Count < 20)
            {
                int[] prompt = Prompt(random.Next(1, 24), seed: random.Next(3));
                int generate = random.Next(1, 20);
                int followers = random.Next(4) == 0 ? random.Next(1, 4) : 0, priority = random.Next(10) == 0 ? 1 : 0;
                live.AddRange(EnqueueFamily(scheduler, prompt, generate, followers, priority).Select(sequence => (sequence, prompt, generate)));
            }
            if (live.Count > 0 && random.Next(12) == 0)
            {
                TestSequence victim = live[random.Next(live.Count)].Sequence;
                live.RemoveAll(item => item.Sequence == victim || victim.Followers.Contains(item.Sequence));
                scheduler.Remove(victim);
            }
            Step(scheduler, pool);
            copies += _plan.BlockCopies.Length;
            CheckBooks(scheduler, pool);
            foreach ((TestSequence sequence, int[] prompt, int generate) in live.Where(item => item.Sequence.Completed).ToList())
            {
                Assert.Equal(TestSequence.Expected(prompt, generate, sequence.Salt), sequence.Generated);
                finished++;
            }
            live.RemoveAll(item => item.Sequence.Completed);
        }
        Assert.True(finished > 200 && copies > 20, $"only {finished} finished, {copies} blocks were copied");
    }

    private (Scheduler Scheduler, BlockPool Pool) Make(int blocks, int maxSequences = 8)
    {
        _cache = new FakeCache(blocks, BlockSize);
        var pool = new BlockPool(blocks, BlockSize);
        return (new Scheduler(pool, maxSequences, maxLogitRows: 64), pool);
    }

    private static int[] Prompt(int length, int seed = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(50))];
    }

    private List<TestSequence> EnqueueFamily(Scheduler scheduler, int[] prompt, int generate, int followers, int priority = 0)
    {
        TestSequence leader = Enqueue(scheduler, prompt, generate, priority);
        leader.Followers = [.. Enumerable.Range(1, followers).Select(salt => new TestSequence(prompt, generate) { Salt = salt, Priority = priority })];
        return [leader, .. leader.Followers];
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
        _cache.Run(_plan, scheduler.Planned);
        for (int i = 0; i < scheduler.Planned.Count; i++)
        {
            Sequence sequence = scheduler.Planned[i];
            PlannedSequence planned = _plan.Sequences[i];
            Assert.Equal(sequence.Computed, planned.FirstPosition);
            Assert.True(sequence.Tokens.Slice(planned.FirstPosition, planned.RowCount).SequenceEqual(_plan.Tokens.Slice(planned.FirstRow, planned.RowCount)));
            sequence.Advance(pool, planned.RowCount);
            if (sequence.Pending > 0)
                continue;
            foreach (Sequence follower in sequence.TakeFollowers())
            {
                if (scheduler.TryFork(sequence, follower))
                    Take(scheduler, follower, planned.ContextLength - 1);
            }
            Take(scheduler, sequence, planned.ContextLength - 1);
        }
    }

    private static void Take(Scheduler scheduler, Sequence sequence, int position)
    {
        if (!sequence.TakeLogits(position, []))
            return;
        scheduler.Remove(sequence);
        sequence.End(null);
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
