namespace LlamaEngine.Cli.Tests;

/// <summary>Work that cannot be done: exit code 1, a line or two on standard error.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("generate --model MISSING --prompt a")]
    [InlineData("chat --model MISSING")]
    [InlineData("tokenize --tokenizer MISSING")]
    [InlineData("tokenize --model MISSING")]
    [InlineData("detokenize --tokenizer MISSING")]
    [InlineData("template --model MISSING")]
    [InlineData("template --file MISSING")]
    [InlineData("logits --model MISSING --tokens TOKENS --out OUT")]
    [InlineData("logits --model LEXICON --tokens MISSING --out OUT")]
    [InlineData("perplexity --model LEXICON --file MISSING")]
    [InlineData("bench --model MISSING")]
    [InlineData("inspect --model MISSING")]
    [InlineData("quantize --model MISSING --type Q8_0 --out OUT")]
    public async Task A_missing_file_is_named(string line)
    {
        string tokens = _folder.Write("tokens.json", "[[1]]");
        string[] arguments =
        [
            .. line.Split(' ').Select(word => word.Replace("MISSING", _folder.FileOf("missing.file"), StringComparison.Ordinal)
                .Replace("LEXICON", CliRun.Lexicon, StringComparison.Ordinal)
                .Replace("TOKENS", tokens, StringComparison.Ordinal)
                .Replace("OUT", _folder.FileOf("out.bin"), StringComparison.Ordinal)),
        ];
        CliRun run = await CliRun.RunAsync(arguments);
        Assert.Contains("missing.file", run.Failed(1).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("generate --prompt a")]
    [InlineData("tokenize")]
    [InlineData("template")]
    [InlineData("bench")]
    [InlineData("inspect")]
    public async Task A_damaged_model_is_told(string line)
    {
        string file = _folder.Write("damaged.gguf", "GGUF\u0003\0\0\0 and then nothing sensible");
        CliRun run = await CliRun.RunAsync([.. line.Split(' '), "--model", file]);
        Assert.Contains("damaged.gguf", run.Failed(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_are_cut_to_two_lines_and_unknown_exceptions_tell_their_type()
    {
        Assert.Equal("one\ntwo", Failures.Describe(new IOException("one\n\n  two\nthree")));
        Assert.Contains("NotSupportedException", Failures.Describe(new NotSupportedException("boom")), StringComparison.Ordinal);
        Assert.Equal(130, Failures.ExitCodeOf(new TaskCanceledException()));
        Assert.Equal(2, Failures.ExitCodeOf(new UsageException("")));
        Assert.Equal(1, Failures.ExitCodeOf(new FileNotFoundException()));
    }

    public void Dispose() => _folder.Dispose();
}
