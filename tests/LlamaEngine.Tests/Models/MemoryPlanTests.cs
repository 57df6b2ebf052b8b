using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Devices;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Models;

public class MemoryPlanTests
{
    // Of PaperModel, with 10 rows in a pass and 5 of logits: 320 + 34 bytes of weights, 4 · (10 · 196 + 5 · 10) of workspace.
    private const long Weights = 354, Workspace = 8040, Fixed = Weights + Workspace;

    // 16 positions of 64 float32 values; a context of 100 takes 7 blocks.
    private const long Block = 4096;
    private const int Context = 100, ContextBlocks = 7;

    private static readonly EngineOptions s_options = new() { MaxBatchTokens = 10, MaxSequences = 4 };

    [Fact]
    public void Adds_up_weights_cache_and_workspace()
    {
        MemoryPlan plan = Plan(s_options, Fixed + 16 * Block);
        Assert.Equal(Weights, plan.WeightBytes);
        Assert.Equal(Workspace, plan.WorkspaceBytes);
        Assert.Equal(8 * Block, plan.KvBytes);
        Assert.Equal(8 * 16, plan.KvPositions);
        Assert.Equal(Fixed + 8 * Block, plan.TotalBytes);
        Assert.Equal(Context, plan.ContextLength);
        Assert.Equal(Context, plan.SequenceLimit);
        Assert.Equal(KvType.F32, plan.KvLayout.Type);
    }

    [Theory]
    [InlineData(0.5, 16 * Block, 8)]
    [InlineData(0.5, 16 * Block - 1, 7)]
    [InlineData(0.5, 18 * Block - 1, 8)]
    [InlineData(0.25, 36 * Block, 9)]
    [InlineData(1.0, 9 * Block, 9)]
    [InlineData(1.0, 9 * Block - 1, 8)]
    public void The_cache_takes_its_share_of_what_weights_and_workspace_leave(double fraction, long room, int blocks) =>
        Assert.Equal(blocks, Plan(s_options with { KvCacheMemoryFraction = fraction }, Fixed + room).Blocks);

    [Theory]
    [InlineData(0.5, ContextBlocks * Block)]
    [InlineData(double.Epsilon, 1L << 40)]
    [InlineData(0.5, 0)]
    [InlineData(0.5, -Fixed)]
    public void The_cache_holds_one_context_at_least(double fraction, long room) =>
        Assert.Equal(ContextBlocks, Plan(s_options with { KvCacheMemoryFraction = fraction }, Fixed + room).Blocks);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(128)]
    public void The_cache_holds_no_more_than_all_sequences_can_use(int sequences) =>
        Assert.Equal(sequences * ContextBlocks, Plan(s_options with { MaxSequences = sequences }, long.MaxValue).Blocks);

    [Theory]
    [InlineData(8192, 16, 8192)]
    [InlineData(8192, 15, 15 * 512)]
    [InlineData(8192, 1024, 8192)]
    [InlineData(131_072, 128, 8192)]
    [InlineData(131_073, 128, 8193)]
    [InlineData(1_000_000, 128, 62_500)]
    public void The_cache_of_a_long_context_stops_at_131072_positions_or_one_context(int context, int sequences, int blocks)
    {
        EngineOptions options = s_options with { ContextLength = context, MaxSequences = sequences };
        Assert.Equal(blocks, Plan(options, long.MaxValue, contextLength: 1_000_000).Blocks);
    }

    [Theory]
    [InlineData(1, 1, 16)]
    [InlineData(16, 1, 16)]
    [InlineData(17, 2, 32)]
    [InlineData(96, 6, 96)]
    [InlineData(97, 7, Context)]
    [InlineData(112, 7, Context)]
    [InlineData(113, 8, Context)]
    [InlineData(1 << 26, 1 << 22, Context)]
    public void A_cache_asked_for_is_taken_whatever_is_free_and_bounds_the_longest_sequence(int tokens, int blocks, int limit)
    {
        foreach (long free in (long[])[0, long.MaxValue])
        {
            MemoryPlan plan = Plan(s_options with { KvCacheTokens = tokens, ContextLength = Context }, free);
            Assert.Equal(blocks, plan.Blocks);
            Assert.Equal(limit, plan.SequenceLimit);
            Assert.Equal(Context, plan.ContextLength);
        }
    }

    [Fact]
    public void Half_precision_takes_half()
    {
        MemoryPlan plan = Plan(s_options with { KvCacheType = KvCacheType.F16 }, Fixed + 16 * Block);
        Assert.Equal(16, plan.Blocks);
        Assert.Equal(8 * Block, plan.KvBytes);
    }

    [Fact]
    public void What_the_device_pads_counts()
    {
        // Heads of 4 values: 2 layers · 4 bytes · (4 · 16 of keys + 16 · 16 of values, padded) a block.
        using var model = new PaperModel(Context, headSize: 4);
        MemoryPlan plan = MemoryPlan.Create(
            s_options with { KvCacheTokens = 48 }, model, blockSize: 16, minLogitRows: 5, new HostMemory(new AvailableMemory(0, MemoryLimit.Machine)));
        Assert.Equal(3 * 2560, plan.KvBytes);
    }

    [Fact]
    public void What_fits_exactly_fits()
    {
        Plan(s_options, Fixed + ContextBlocks * Block).ThrowIfInsufficient();
        Plan(s_options with { KvCacheTokens = 160 }, Fixed + 10 * Block).ThrowIfInsufficient();
    }

    [Theory]
    [InlineData(null, ContextBlocks)]
    [InlineData(160, 10)]
    public void One_byte_too_little_is_refused_with_both_numbers(int? tokens, int blocks)
    {
        long needed = Fixed + blocks * Block;
        MemoryPlan plan = Plan(s_options with { KvCacheTokens = tokens }, needed - 1);
        var refused = Assert.Throws<InsufficientDeviceMemoryException>(plan.ThrowIfInsufficient);
        Assert.Equal(needed, refused.NeededBytes);
        Assert.Equal(needed - 1, refused.AvailableBytes);
        Assert.Contains("EngineOptions.ContextLength", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Machine", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MemoryLimitBytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cache_beyond_63_bits_is_refused()
    {
        // 2 · 2³¹ layers · 64 values · 4 bytes a position, for 2²⁶ positions: 2⁶⁶ bytes.
        using var model = new PaperModel(Context, layers: int.MaxValue, headSize: 64);
        MemoryPlan plan = MemoryPlan.Create(
            s_options with { KvCacheTokens = 1 << 26 }, model, blockSize: 16, minLogitRows: 5, new HostMemory(new AvailableMemory(1L << 50, MemoryLimit.Machine)));
        Assert.Equal(long.MaxValue, plan.TotalBytes);
        Assert.Throws<InsufficientDeviceMemoryException>(plan.ThrowIfInsufficient);
    }

    [Fact]
    public void A_caller_s_limit_counts_where_it_is_less_than_what_is_free()
    {
        EngineOptions options = s_options with { MemoryLimitBytes = Fixed + 16 * Block };
        MemoryPlan limited = Plan(options, long.MaxValue), machine = Plan(options, Fixed + 16 * Block), less = Plan(options, Fixed + 14 * Block);
        Assert.Equal((8, MemoryLimit.Caller), (limited.Blocks, limited.Available.Limit));
        Assert.Equal((8, MemoryLimit.Machine), (machine.Blocks, machine.Available.Limit));
        Assert.Equal((7, MemoryLimit.Machine), (less.Blocks, less.Available.Limit));
    }

    [Fact]
    public void A_caller_s_limit_too_tight_is_named()
    {
        MemoryPlan plan = Plan(s_options with { MemoryLimitBytes = 1 }, long.MaxValue);
        var refused = Assert.Throws<InsufficientDeviceMemoryException>(plan.ThrowIfInsufficient);
        Assert.Equal((Fixed + ContextBlocks * Block, 1), (refused.NeededBytes, refused.AvailableBytes));
        Assert.Contains("raise EngineOptions.MemoryLimitBytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_longer_than_the_model_s_is_refused() =>
        Assert.Throws<ContextLengthExceededException>(() => Plan(s_options with { ContextLength = Context + 1 }, long.MaxValue));

    private static MemoryPlan Plan(EngineOptions options, long free, int contextLength = Context)
    {
        using var model = new PaperModel(contextLength);
        return MemoryPlan.Create(options, model, blockSize: 16, minLogitRows: 5, new HostMemory(new AvailableMemory(free, MemoryLimit.Machine)));
    }
}
