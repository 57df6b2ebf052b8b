namespace LlamaEngine.Cli.Tests;

/// <summary>The line protocols of <c>tokenize</c> and <c>detokenize</c>, with Lexicon's tokenizer.</summary>
public sealed class TokenizeTests
{
    [Fact]
    public async Task A_line_of_ids_answers_each_line_of_text()
    {
        CliRun run = await CliRun.RunWithInputAsync("\"camera (noun): equipment\"\n\"\"\n", "tokenize", "--tokenizer", CliRun.Lexicon);
        Assert.Equal(["[66,403,266,64,288,306,289,2506]", "[]"], run.Succeeded().Lines);
    }

    [Fact]
    public async Task Special_tokens_are_text_unless_asked_for_and_BOS_is_added_when_asked_for()
    {
        const string Line = "\"<|eot_id|>\"";
        int[] plain = Ids(await CliRun.RunWithInputAsync(Line, "tokenize", "--model", CliRun.Lexicon));
        int[] special = Ids(await CliRun.RunWithInputAsync(Line, "tokenize", "--model", CliRun.Lexicon, "--special"));
        int[] both = Ids(await CliRun.RunWithInputAsync(Line, "tokenize", "--model", CliRun.Lexicon, "--special", "--bos"));

        Assert.True(plain.Length > 1);
        Assert.Equal([4095], special);
        Assert.Equal([4091, 4095], both);
    }

    [Fact]
    public async Task Texts_come_back()
    {
        string[] texts = ["\"What is a camera?\"", "\"Grüße, 世界 \\uD83D\\uDE00\\n\\t\\\"quoted\\\"\"", "\"\""];
        string ids = (await CliRun.RunWithInputAsync(string.Join('\n', texts), "tokenize", "--tokenizer", CliRun.Lexicon)).Succeeded().Output;
        string[] back = (await CliRun.RunWithInputAsync(ids, "detokenize", "--tokenizer", CliRun.Lexicon)).Succeeded().Lines;
        Assert.Equal(texts.Select(Text), back.Select(Text));
    }

    [Fact]
    public async Task An_unpaired_surrogate_is_U_FFFD()
    {
        string[] lines = (await CliRun.RunWithInputAsync("\"a\\ud800b\"\n\"a\\ufffdb\"", "tokenize", "--tokenizer", CliRun.Lexicon)).Succeeded().Lines;
        Assert.Equal(lines[1], lines[0]);
    }

    [Theory]
    [InlineData("tokenize", "\"good\"\n{\"not\": \"a string\"}\n", "[", "Line 2:")]
    [InlineData("tokenize", "\"good\"\n\n\"unfinished\n", "[", "Line 3:")]
    [InlineData("tokenize", "\"good\"\nnull\n", "[", "Line 2:")]
    [InlineData("detokenize", "[66]\n[1.5]\n", "\"", "Line 2:")]
    [InlineData("detokenize", "[66]\n[4096]\n", "\"", "Line 2:")]
    [InlineData("detokenize", "[66]\n[-1]\n", "\"", "Line 2:")]
    [InlineData("detokenize", "[66]\nnull\n", "\"", "Line 2:")]
    public async Task A_bad_line_ends_the_run_and_is_told_by_its_number(string command, string input, string goodStart, string place)
    {
        CliRun run = await CliRun.RunWithInputAsync(input, command, "--tokenizer", CliRun.Lexicon);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith(goodStart, Assert.Single(run.Lines), StringComparison.Ordinal);
        Assert.StartsWith(place, run.Error, StringComparison.Ordinal);
    }

    private static int[] Ids(CliRun run) => System.Text.Json.JsonSerializer.Deserialize<int[]>(run.Succeeded().Output)!;

    private static string Text(string json) => System.Text.Json.JsonSerializer.Deserialize<string>(json)!;
}
