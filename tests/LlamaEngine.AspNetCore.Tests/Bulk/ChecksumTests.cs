using LlamaEngine.AspNetCore.Bulk.Storage;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class ChecksumTests
{
    /// <summary>The check value of the catalogue of CRCs, and RFC 3720, B.4.</summary>
    [Fact]
    public void It_is_CRC_32C()
    {
        Assert.Equal(0xE3069283u, Checksum.Compute("123456789"u8));
        Assert.Equal(0x8A9136AAu, Checksum.Compute(new byte[32]));
        Assert.Equal(0x46DD794Eu, Checksum.Compute([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0u, Checksum.Compute([]));
    }
}
