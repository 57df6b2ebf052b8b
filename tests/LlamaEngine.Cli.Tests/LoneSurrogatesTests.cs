using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Tests;

public sealed class LoneSurrogatesTests
{
    [Theory]
    [InlineData("\"plain\"", "\"plain\"")]
    [InlineData("\"\\u00e4\\n\"", "\"\\u00e4\\n\"")]
    [InlineData("\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"")]
    [InlineData("\"\\uD83D\\uDE00\"", "\"\\uD83D\\uDE00\"")]
    [InlineData("\"\\ud800\"", "\"\\ufffd\"")]
    [InlineData("\"\\udc00x\"", "\"\\ufffdx\"")]
    [InlineData("\"\\ud800\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\"")]
    [InlineData("\"\\ud83d\\ude00\\ude00\"", "\"\\ud83d\\ude00\\ufffd\"")]
    [InlineData("\"\\ud800\\n\"", "\"\\ufffd\\n\"")]
    [InlineData("\"\\\\ud800\"", "\"\\\\ud800\"")]
    [InlineData("\"\\\\\\ud800\"", "\"\\\\\\ufffd\"")]
    [InlineData("\"\\ud8\"", "\"\\ud8\"")]
    [InlineData("\\u", "\\u")]
    [InlineData("\\u12\\", "\\u12\\")]
    public void Only_unpaired_halves_are_replaced(string json, string expected) => Assert.Equal(expected, LoneSurrogates.Replace(json));

    [Fact]
    public void A_string_with_an_unpaired_half_can_then_be_read() =>
        Assert.Equal("a\ufffdb", JsonLines.Parse("\"a\\udbffb\"", CliJson.Relaxed.String));
}
