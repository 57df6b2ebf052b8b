using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class NodeCountsTests
{
    [Theory]
    [InlineData("1", "1")]
    [InlineData("2(x3),1", "2 2 2 1")]
    [InlineData("4(x2),8", "4 4 8")]
    [InlineData("2,1", "2 1")]
    [InlineData("1(x1)", "1")]
    [InlineData("16(x2),8(x1),2147483647", "16 16 8 2147483647")]
    [InlineData("", null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData(" 1", null)]
    [InlineData("2(x0)", null)]
    [InlineData("2(x)", null)]
    [InlineData("2(x3", null)]
    [InlineData("2(3)", null)]
    [InlineData("2x3", null)]
    [InlineData("(x3)", null)]
    [InlineData("2(x3))", null)]
    [InlineData("2(x3)(x2)", null)]
    [InlineData("2,,1", null)]
    [InlineData("2,", null)]
    [InlineData("٢", null)]
    [InlineData("2147483648", null)]
    [InlineData("1(x65537)", null)]
    [InlineData("1(x65536),1", null)]
    [InlineData("1(x99999999999999999999)", null)]
    public void A_number_for_each_node(string text, string? expected)
    {
        Assert.Equal(expected is not null, NodeCounts.TryParse(text, out var counts));
        Assert.Equal(expected ?? "", string.Join(' ', counts));
    }

    [Fact]
    public void As_many_nodes_as_a_host_list_may_have()
    {
        Assert.True(NodeCounts.TryParse("1(x65536)", out var counts));
        Assert.Equal(65_536, counts.Length);
    }
}
