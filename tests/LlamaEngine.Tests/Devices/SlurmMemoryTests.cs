using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class SlurmMemoryTests
{
    [Theory]
    [InlineData("4096", 4294967296L)]
    [InlineData("1", 1048576L)]
    [InlineData("3K", 3072L)]
    [InlineData("3k", 3072L)]
    [InlineData("3M", 3145728L)]
    [InlineData("3m", 3145728L)]
    [InlineData("16G", 17179869184L)]
    [InlineData("2g", 2147483648L)]
    [InlineData("2T", 2199023255552L)]
    [InlineData("2t", 2199023255552L)]
    [InlineData("8796093022207", 9223372036853727232L)]
    [InlineData("8388607T", 9223370937343148032L)]
    public void A_node_s_memory_in_megabytes_unless_a_unit_follows(string text, long expected) =>
        Assert.Equal(expected, Limit(("SLURM_MEM_PER_NODE", text)));

    [Theory]
    [InlineData("0")]
    [InlineData("0G")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("G")]
    [InlineData("much")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 G")]
    [InlineData("1.5G")]
    [InlineData("1,000")]
    [InlineData("1GB")]
    [InlineData("0x10")]
    [InlineData("8796093022208")]
    [InlineData("8388608T")]
    [InlineData("99999999999999999999")]
    [InlineData("\0\u00ff\u0661")]
    public void All_memory_and_nonsense_limit_nothing(string text)
    {
        Assert.Null(Limit(("SLURM_MEM_PER_NODE", text)));
        Assert.Null(Limit(("SLURM_MEM_PER_CPU", text), ("SLURM_CPUS_ON_NODE", "2")));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("16", 16)]
    [InlineData("16(x3)", 16)]
    [InlineData("40(x3),16", 16)]
    [InlineData("16,40(x3)", 16)]
    [InlineData("40,40", 40)]
    public void A_processor_s_memory_times_the_node_s_processors(string processors, int count)
    {
        Assert.Equal(2147483648L * count, Limit(("SLURM_MEM_PER_CPU", "2048"), ("SLURM_JOB_CPUS_PER_NODE", processors)));
        Assert.Equal(2147483648L * count, Limit(("SLURM_MEM_PER_CPU", "2G"), ("SLURM_CPUS_ON_NODE", processors)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-4")]
    [InlineData("4,")]
    [InlineData("4,0")]
    [InlineData("(x3)")]
    [InlineData("4)")]
    [InlineData("4x3")]
    [InlineData("99999999999")]
    public void Unknown_processors_limit_nothing(string? processors) =>
        Assert.Null(Limit(("SLURM_MEM_PER_CPU", "2048"), ("SLURM_JOB_CPUS_PER_NODE", processors)));

    [Fact]
    public void A_product_beyond_63_bits_limits_nothing()
    {
        Assert.Equal(9223370937343148032L, Limit(("SLURM_MEM_PER_CPU", "8388607T"), ("SLURM_CPUS_ON_NODE", "1")));
        Assert.Null(Limit(("SLURM_MEM_PER_CPU", "8388607T"), ("SLURM_CPUS_ON_NODE", "2")));
    }

    [Fact]
    public void What_is_said_of_the_node_comes_first()
    {
        Assert.Equal(1L << 30, Limit(("SLURM_MEM_PER_NODE", "1G"), ("SLURM_MEM_PER_CPU", "1M"), ("SLURM_CPUS_ON_NODE", "2")));
        Assert.Null(Limit(("SLURM_MEM_PER_NODE", "0"), ("SLURM_MEM_PER_CPU", "1M"), ("SLURM_CPUS_ON_NODE", "2")));
        Assert.Equal(2L << 20, Limit(("SLURM_MEM_PER_NODE", "?"), ("SLURM_MEM_PER_CPU", "1M"), ("SLURM_CPUS_ON_NODE", "2")));
        Assert.Equal(
            2L << 20, Limit(("SLURM_MEM_PER_CPU", "1M"), ("SLURM_CPUS_ON_NODE", "2"), ("SLURM_JOB_CPUS_PER_NODE", "8")));
        Assert.Equal(
            8L << 20, Limit(("SLURM_MEM_PER_CPU", "1M"), ("SLURM_CPUS_ON_NODE", "?"), ("SLURM_JOB_CPUS_PER_NODE", "8")));
    }

    [Fact]
    public void Outside_a_job_nothing_is_limited() => Assert.Null(Limit());

    private static long? Limit(params (string Name, string? Value)[] variables) =>
        SlurmMemory.LimitBytes(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
