using LlamaEngine.Fuzz;

namespace LlamaEngine.Tests.Quantization;

/// <summary>A few hundred damaged inputs of every kind. The long run is a command: dotnet run --project tests/LlamaEngine.Fuzz.</summary>
[Collection(nameof(FuzzTests))]
[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
public sealed class FuzzTests : IDisposable
{
    /// <summary>Other tests run in this process too, so only what belongs to one input is bounded here.</summary>
    private static readonly FuzzLimits s_limits = new() { WatchMemory = false };

    private readonly string _folder = Directory.CreateTempSubdirectory("fuzz-").FullName;

    public static TheoryData<string> Targets => new(FuzzTargets.Names.ToArray());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Targets))]
    public void Damaged_inputs_are_read_or_refused_with_a_typed_exception(string name)
    {
        FuzzResult result = new Fuzzer(FuzzTargets.Create(name), 400, 20261121, _folder, s_limits).Run();
        Assert.Empty(result.Violations.Select(violation => $"{violation.Kind} {violation.Index}: {violation.Details}"));
        Assert.Equal(400, result.Accepted + result.Refused);
        Assert.True(result.Accepted > 0, "Nothing was accepted: the inputs do not get past the first check.");
        Assert.True(result.Refused > 0, "Nothing was refused: the inputs are not damaged.");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void An_input_can_be_made_again_from_its_number(string name)
    {
        FuzzTarget target = FuzzTargets.Create(name);
        Assert.Equal(
            new Fuzzer(target, 10, 7, _folder, s_limits).CreateInput(3), new Fuzzer(target, 99, 7, _folder, s_limits).CreateInput(3));
    }

    /// <summary>The harness must be able to fail.</summary>
    [Fact]
    public void Untyped_exceptions_slow_inputs_and_large_allocations_are_noticed()
    {
        var limits = new FuzzLimits { Slow = TimeSpan.FromMilliseconds(20) };
        FuzzResult result = new Fuzzer(new BadTarget(), 30, 1, _folder, limits).Run();
        Assert.Equal(["allocation", "exception", "slow"], result.Violations.Select(violation => violation.Kind).Order());
        Assert.Equal(new byte[] { 2 }, result.Violations.First(violation => violation.Kind == "exception").Input);
    }

    [Fact]
    public void An_endless_loop_is_noticed()
    {
        using var stop = new ManualResetEventSlim();
        FuzzResult result = new Fuzzer(new EndlessTarget(stop), 30, 1, _folder, new FuzzLimits { Hang = TimeSpan.FromMilliseconds(300) }).Run();
        stop.Set();
        Assert.Equal("hang", Assert.Single(result.Violations).Kind);
    }

    private sealed class BadTarget : FuzzTarget
    {
        public override string Name => "bad";

        public override IReadOnlyList<byte[]> Seeds => [[0], [1], [2], [3]];

        public override long AllocationLimit(int inputLength) => 50_000;

        public override byte[] Mutate(byte[] seed, Random random) => seed;

        public override void Execute(byte[] input, string folder)
        {
            switch (input[0])
            {
                case 1: Compute(TimeSpan.FromMilliseconds(100)); break;
                case 2: throw new InvalidOperationException("untyped");
                case 3: GC.KeepAlive(new byte[100_000]); break;
            }
        }
    }

    private static void Compute(TimeSpan time)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        while (Environment.CpuUsage.TotalTime - start < time)
            Thread.SpinWait(1000);
    }

    private sealed class EndlessTarget(ManualResetEventSlim stop) : FuzzTarget
    {
        public override string Name => "endless";

        public override IReadOnlyList<byte[]> Seeds => [[0]];

        public override byte[] Mutate(byte[] seed, Random random) => seed;

        public override void Execute(byte[] input, string folder) => stop.Wait();
    }
}
