using LlamaEngine.Contexts;

namespace LlamaEngine.Tests.Contexts;

/// <summary>The pool's decisions, with engines that exist on paper and loads that end when the test says so.</summary>
public class PoolLedgerTests
{
    private static readonly TimeSpan s_loadTime = TimeSpan.FromSeconds(2);

    [Fact]
    public void Waiters_are_served_in_the_order_they_came()
    {
        var books = new Books(10, 10, 10, 10);
        PoolWaiter a = books.Rent(0), b = books.Rent(1), c = books.Rent(2), b2 = books.Rent(1);
        Assert.Equal([a], books.Admitted);
        books.Return(a);
        // b2 shares b's load, so it overtakes c, who needs other room.
        Assert.Equal([a, b, b2], books.Admitted);
        books.Return(b);
        Assert.Equal(3, books.Admitted.Count);
        books.Return(b2);
        Assert.Equal([a, b, b2, c], books.Admitted);
    }

    [Fact]
    public void A_smaller_one_does_not_overtake()
    {
        var books = new Books(10, 6, 8, 3);
        PoolWaiter a = books.Rent(0), b = books.Rent(1), c = books.Rent(2);
        Assert.Equal([a], books.Admitted);
        books.Cancel(b);
        Assert.Equal([a, c], books.Admitted);
        Assert.Equal([b], books.Rejected);
    }

    [Fact]
    public void A_busy_engine_cannot_keep_the_line_waiting()
    {
        var books = new Books(10, 5, 5, 5);
        PoolWaiter a = books.Rent(0), b = books.Rent(1), c = books.Rent(2);
        // a's engine was used least recently, so it is the one to go; b's still takes callers.
        PoolWaiter late = books.Rent(0), other = books.Rent(1);
        Assert.Equal([a, b, other], books.Admitted);
        books.Return(a);
        Assert.Equal([a, b, other, c], books.Admitted);
        books.Return(c);
        Assert.Equal([a, b, other, c, late], books.Admitted);
        Assert.Equal((4, 1, 2), books.Counts);
    }

    [Fact]
    public void Giving_up_lets_those_behind_have_the_engine_that_was_to_go()
    {
        var books = new Books(5, 5, 5);
        PoolWaiter a = books.Rent(0), b = books.Rent(1), late = books.Rent(0);
        Assert.Equal([a], books.Admitted);
        books.Cancel(b);
        Assert.Equal([a, late], books.Admitted);
        Assert.Equal((1, 1, 0), books.Counts);
    }

    [Fact]
    public void Nothing_is_unloaded_in_vain()
    {
        var books = new Books(10, 4, 4, 10);
        books.Return(books.Rent(0));
        books.Pin(1, true);
        books.Return(books.Rent(1));
        PoolWaiter whole = books.Rent(2);
        Assert.Equal(0, books.Ledger.Statistics.Evictions);
        books.Return(books.Rent(0));
        Assert.DoesNotContain(whole, books.Admitted);
        books.Pin(1, false);
        Assert.Contains(whole, books.Admitted);
        Assert.Equal((3, 1, 2), books.Counts);
    }

    [Fact]
    public void An_engine_for_which_the_whole_budget_is_too_little_is_refused_though_others_wait()
    {
        var books = new Books(10, 10, 5, 11);
        books.Rent(0);
        books.Rent(1);
        PoolWaiter large = books.Rent(2);
        Assert.Equal([large], books.Rejected);
        var refused = Assert.IsType<InsufficientDeviceMemoryException>(large.Completion.Exception!.InnerException);
        Assert.Equal((11, 10), (refused.NeededBytes, refused.AvailableBytes));
    }

    [Fact]
    public void Each_device_has_a_budget_and_a_line_of_its_own()
    {
        // 10 bytes on the processor, and 12 on the GPU, which are what its first engine finds free there.
        var books = new Books(10, 8, 8, 9) { Devices = ["cpu", "cpu", "cuda:0"], FreeBytes = 12 };
        PoolWaiter processor = books.Rent(0), gpu = books.Rent(2);
        Assert.Equal([processor, gpu], books.Admitted);
        Assert.Equal((17, 0), (books.Ledger.Statistics.LoadedBytes, books.Counts.Evictions));
        // Who waits for the processor keeps nobody from the GPU.
        PoolWaiter waiting = books.Rent(1), again = books.Rent(2);
        Assert.Equal([processor, gpu, again], books.Admitted);
        books.Return(gpu);
        books.Return(again);
        Assert.DoesNotContain(waiting, books.Admitted);
        books.Return(processor);
        Assert.Contains(waiting, books.Admitted);
        Assert.Equal([1, 2], books.LoadedEngines);
        Assert.Equal(12, books.Ledger.BudgetFor(gpu.Engine));
    }

    [Fact]
    public void A_load_that_all_gave_up_is_cancelled_and_who_comes_then_starts_anew()
    {
        var books = new Books(10, 10) { EndsLoads = false };
        PoolWaiter first = books.Rent(0), second = books.Rent(0);
        books.Cancel(first);
        Assert.Empty(books.Cancelled);
        books.Cancel(second);
        Assert.Single(books.Cancelled);
        PoolWaiter third = books.Rent(0);
        Assert.Equal(10, books.Ledger.Statistics.LoadedBytes);
        books.EndLoad(0, succeeds: false);
        Assert.Equal([first, second], books.Rejected);
        books.EndLoad(0, succeeds: true);
        Assert.Equal([third], books.Admitted);
        Assert.Equal((1, 0, 0), books.Counts);
    }

    [Fact]
    public void A_failing_load_reaches_all_and_gives_its_room_back()
    {
        var books = new Books(10, 10, 10) { EndsLoads = false };
        PoolWaiter a = books.Rent(0), a2 = books.Rent(0), b = books.Rent(1);
        books.EndLoad(0, succeeds: false);
        Assert.Equal([a, a2], books.Rejected);
        books.EndLoad(1, succeeds: true);
        Assert.Equal([b], books.Admitted);
        Assert.Equal(10, books.Ledger.Statistics.LoadedBytes);
    }

    [Fact]
    public void Closing_turns_away_who_waits_and_ends_when_all_is_returned()
    {
        var books = new Books(10, 10, 10);
        PoolWaiter a = books.Rent(0), b = books.Rent(1);
        books.Close();
        Assert.Equal([b], books.Rejected);
        Assert.False(books.IsClosed);
        PoolWaiter late = books.Rent(0);
        Assert.Equal([b, late], books.Rejected);
        books.Return(a);
        Assert.True(books.IsClosed);
        Assert.Equal(0, books.Ledger.Statistics.LoadedBytes);
        Assert.Equal((1, 0, 0), books.Counts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_traffic_that_need_not_wait_goes_as_a_plain_list_of_least_recent_use_says(int seed)
    {
        var random = new Random(seed);
        long[] sizes = [3, 5, 2, 7, 4, 6];
        const long Budget = 15;
        var books = new Books(Budget, sizes);
        List<int> recent = []; // loaded engines, the least recently used first
        int[] leases = new int[sizes.Length];
        bool[] pinned = new bool[sizes.Length];
        List<PoolWaiter> held = [];
        int loads = 0, hits = 0, evictions = 0;
        long saved = 0;
        for (int step = 0; step < 5000; step++)
        {
            int engine = random.Next(sizes.Length);
            switch (random.Next(5))
            {
                case 0 or 1:
                    if (Expect(engine))
                        held.Add(books.Rent(engine));
                    break;
                case 2 or 3 when held.Count > 0:
                    PoolWaiter ending = held[random.Next(held.Count)];
                    held.Remove(ending);
                    int index = books.IndexOf(ending);
                    leases[index]--;
                    Use(index);
                    books.Return(ending);
                    break;
                case 4:
                    pinned[engine] = random.Next(4) == 0;
                    books.Pin(engine, pinned[engine]);
                    break;
            }
            Assert.Equal(recent.Order(), books.LoadedEngines.Order());
            Assert.Equal((loads, hits, evictions), books.Counts);
            Assert.Equal(recent.Sum(i => sizes[i]), books.Ledger.Statistics.LoadedBytes);
            Assert.Equal(held, held.Intersect(books.Admitted));
        }
        Assert.Equal((saved, hits * 2.0), (books.Ledger.Statistics.BytesSaved, books.Ledger.Statistics.SecondsSaved));
        Assert.True(loads > 100 && hits > 100 && evictions > 100, $"{loads} loads, {hits} hits, {evictions} evictions");

        bool Expect(int engine)
        {
            if (recent.Contains(engine))
            {
                hits++;
                saved += Books.WeightsOf(sizes[engine]);
            }
            else
            {
                int[] idle = [.. recent.Where(i => leases[i] == 0 && !pinned[i])];
                if (recent.Sum(i => sizes[i]) - idle.Sum(i => sizes[i]) + sizes[engine] > Budget)
                    return false;
                foreach (int victim in idle)
                {
                    if (recent.Sum(i => sizes[i]) + sizes[engine] <= Budget)
                        break;
                    recent.Remove(victim);
                    evictions++;
                }
                loads++;
            }
            leases[engine]++;
            Use(engine);
            return true;
        }

        void Use(int engine)
        {
            recent.Remove(engine);
            recent.Add(engine);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_traffic_that_waits_fails_and_gives_up_never_exceeds_the_budget_and_serves_everybody(int seed)
    {
        var random = new Random(seed);
        long[] sizes = [3, 5, 2, 7, 4, 6];
        var books = new Books(12, sizes) { EndsLoads = false, EndsUnloads = false };
        List<PoolWaiter> all = [], held = [];
        for (int step = 0; step < 20_000; step++)
        {
            bool ending = step > 19_000;
            switch (random.Next(7))
            {
                case 0 or 1 when !ending && all.Count - books.Admitted.Count - books.Rejected.Count < 12:
                    all.Add(books.Rent(random.Next(sizes.Length)));
                    break;
                case 2 or 3:
                    books.EndSomething(random, fails: !ending && random.Next(10) == 0);
                    break;
                case 4 or 5 when books.Held.Count > 0:
                    books.Return(books.Held[random.Next(books.Held.Count)]);
                    break;
                case 6 when !ending && all.Count > 0 && random.Next(3) == 0:
                    books.Cancel(all[^random.Next(1, Math.Min(10, all.Count) + 1)]);
                    break;
            }
            Assert.Equal(books.Ledger.Engines.Sum(engine => engine.Bytes), books.Ledger.Statistics.LoadedBytes);
            Assert.InRange(books.Ledger.Statistics.LoadedBytes, 0, 12);
            Assert.All(books.Ledger.Engines, engine => Assert.True(engine.Leases == 0 || engine.State == PooledEngineState.Loaded));
        }
        Assert.Equal(all.Count, books.Admitted.Count + books.Rejected.Count);
        Assert.All(all, waiter => Assert.True(waiter.Completion.IsCompleted));
        Assert.True(books.Admitted.Count > 1000, $"{books.Admitted.Count} were served");
        Assert.Empty(books.Held);
    }

    /// <summary>A ledger whose wishes are carried out at once, on paper.</summary>
    private sealed class Books
    {
        private readonly PooledEngine[] _engines;
        private readonly long[] _sizes;
        private readonly List<PooledEngine> _loading = [], _unloading = [];

        public Books(long budget, params long[] sizes)
        {
            _sizes = sizes;
            Ledger = new PoolLedger(budget);
            _engines = [.. sizes.Select((_, i) => Ledger.Add($"e{i}", new EngineOptions()))];
        }

        public PoolLedger Ledger { get; }

        public string[] Devices { get; init; } = [];

        public long FreeBytes { get; init; }

        public bool EndsLoads { get; init; } = true;

        public bool EndsUnloads { get; init; } = true;

        public List<PoolWaiter> Admitted { get; } = [];

        public List<PoolWaiter> Held { get; } = [];

        public List<PoolWaiter> Rejected { get; } = [];

        public List<PooledEngine> Cancelled { get; } = [];

        public bool IsClosed { get; private set; }

        public IEnumerable<int> LoadedEngines =>
            Enumerable.Range(0, _engines.Length).Where(i => _engines[i].State == PooledEngineState.Loaded);

        public (long Loads, long Hits, long Evictions) Counts =>
            (Ledger.Statistics.Loads, Ledger.Statistics.Hits, Ledger.Statistics.Evictions);

        public static long WeightsOf(long size) => size * 3;

        public int IndexOf(PoolWaiter waiter) => Array.IndexOf(_engines, waiter.Engine);

        public PoolWaiter Rent(int engine)
        {
            var waiter = new PoolWaiter(_engines[engine], null);
            Do(actions => Ledger.Enter(waiter, actions));
            return waiter;
        }

        public void Return(PoolWaiter waiter)
        {
            Assert.True(Held.Remove(waiter));
            Do(actions => Ledger.Return(waiter.Engine, actions));
        }

        public void Cancel(PoolWaiter waiter) => Do(actions => Ledger.Cancel(waiter, new OperationCanceledException(), actions));

        public void Pin(int engine, bool pinned) => Do(actions => Ledger.Pin(_engines[engine], pinned, actions));

        public void Close() => Do(Ledger.Close);

        public void EndLoad(int engine, bool succeeds) => EndLoad(_engines[engine], succeeds);

        public void EndSomething(Random random, bool fails)
        {
            if (_loading.Count > 0 && (_unloading.Count == 0 || random.Next(2) == 0))
                EndLoad(_loading[random.Next(_loading.Count)], succeeds: !fails);
            else if (_unloading.Count > 0)
                EndUnload(_unloading[random.Next(_unloading.Count)]);
        }

        private void EndLoad(PooledEngine engine, bool succeeds)
        {
            Assert.True(_loading.Remove(engine));
            Do(actions =>
            {
                if (succeeds)
                    Ledger.Loaded(engine, null, s_loadTime, actions);
                else
                    Ledger.LoadFailed(engine, new IOException("no"), actions);
            });
        }

        private void EndUnload(PooledEngine engine)
        {
            Assert.True(_unloading.Remove(engine));
            Do(actions => Ledger.Unloaded(engine, TimeSpan.Zero, actions));
        }

        private void Do(Action<List<PoolAction>> decide)
        {
            List<PoolAction> actions = [];
            decide(actions);
            foreach (PoolAction action in actions)
                Perform(action);
        }

        private void Perform(PoolAction action)
        {
            switch (action.Kind)
            {
                case PoolActionKind.Plan:
                    int index = Array.IndexOf(_engines, action.Engine);
                    long size = _sizes[index];
                    var plan = new PoolPlan(new EngineOptions(), size, WeightsOf(size)) { Device = Devices.ElementAtOrDefault(index) ?? "cpu", AvailableBytes = FreeBytes };
                    Do(actions => Ledger.Planned(action.Engine!, plan, actions));
                    break;
                case PoolActionKind.Load:
                    _loading.Add(action.Engine!);
                    if (EndsLoads)
                        EndLoad(action.Engine!, succeeds: true);
                    break;
                case PoolActionKind.Unload:
                    Assert.Equal(0, action.Engine!.Leases);
                    _unloading.Add(action.Engine!);
                    if (EndsUnloads)
                        EndUnload(action.Engine!);
                    break;
                case PoolActionKind.CancelLoad:
                    Cancelled.Add(action.Engine!);
                    break;
                case PoolActionKind.Admit:
                    Admitted.Add(action.Waiter!);
                    Held.Add(action.Waiter!);
                    action.Waiter!.Admit(null!);
                    break;
                case PoolActionKind.Reject:
                    Rejected.Add(action.Waiter!);
                    action.Waiter!.Reject(action.Exception!);
                    break;
                case PoolActionKind.Closed:
                    IsClosed = true;
                    break;
            }
        }
    }
}
