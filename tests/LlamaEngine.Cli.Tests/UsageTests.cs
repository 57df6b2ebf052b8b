namespace LlamaEngine.Cli.Tests;

/// <summary>Wrong command lines: exit code 2, the fault named on standard error.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("", "command")]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("generate --prompt a", "--model")]
    [InlineData("generate --model m", "--prompt")]
    [InlineData("generate --model m --prompt a --prompt-file b", "--prompt-file")]
    [InlineData("generate --model m --prompt a --raw --system s", "--system")]
    [InlineData("generate --model m --prompt a --temperature 1,5", "1,5")]
    [InlineData("generate --model m --prompt a --temperature NaN", "NaN")]
    [InlineData("generate --model m --prompt a --top-p 1.01", "--top-p")]
    [InlineData("generate --model m --prompt a --presence-penalty -2.5", "-2.5")]
    [InlineData("generate --model m --prompt a --max-tokens 0", "--max-tokens")]
    [InlineData("generate --model m --prompt a --seed -1", "--seed")]
    [InlineData("generate --model m --prompt a --logit-bias 5", "--logit-bias")]
    [InlineData("generate --model m --prompt a --stop", "--stop")]
    [InlineData("generate --model m --prompt a --nonsense", "--nonsense")]
    [InlineData("generate --model m --prompt a --threads 0", "--threads")]
    [InlineData("generate --model m --prompt a --threads many", "many")]
    [InlineData("generate --model m --prompt a --context 0", "--context")]
    [InlineData("generate --model m --prompt a --context f --context g", "'g'")]
    [InlineData("context", "llama-engine context --help")]
    [InlineData("context save --model m --prompt a", "--out")]
    [InlineData("context save --model m --out f", "context save --help")]
    [InlineData("context save --model m --prompt a --out f --kv-type q5", "q5")]
    [InlineData("context restore f", "--model")]
    [InlineData("context show", "llama-engine context show --help")]
    [InlineData("chat --model m --device tpu", "tpu")]
    [InlineData("tokenize", "--tokenizer")]
    [InlineData("tokenize --tokenizer t --model m", "--tokenizer")]
    [InlineData("detokenize", "--tokenizer")]
    [InlineData("template", "--file")]
    [InlineData("template --file t --now yesterday", "yesterday")]
    [InlineData("logits --model m --tokens t", "--out")]
    [InlineData("perplexity --model m", "--file")]
    [InlineData("perplexity --model m --file f --context 3", "--context")]
    [InlineData("bench", "--synthetic")]
    [InlineData("bench --model m --save f", "--save")]
    [InlineData("bench-serving", "--model")]
    [InlineData("bench-serving --model m --users 0", "--users")]
    [InlineData("bench-serving --model m --users 1,,2", "--users")]
    [InlineData("bench-serving --model m --prompt 64-16", "64-16")]
    [InlineData("bench-serving --model m --gen 1-2-3", "--gen")]
    [InlineData("bench-serving --model m --arrival poisson:0", "--arrival")]
    [InlineData("bench-serving --model m --arrival poisson", "--arrival")]
    [InlineData("bench-serving --model m --cancel 1.5", "--cancel")]
    [InlineData("bench-serving --model m --kv-tokens 0", "--kv-tokens")]
    [InlineData("bench-serving --model m --kv-type 1", "--kv-type")]
    [InlineData("bench-serving --model m --requests few", "--requests")]
    [InlineData("batch --model m --in f", "--out")]
    [InlineData("batch --model m --in f --out ./f", "same file")]
    [InlineData("batch --model m --in f --out g --concurrency 0", "--concurrency")]
    [InlineData("inspect", "--model")]
    [InlineData("quantize --model m --out f", "--type")]
    [InlineData("quantize --model m --type Q4_0", "--out")]
    [InlineData("quantize --model m --type Q9 --out f", "Q9")]
    [InlineData("bench --synthetic llama-9:Q8_0", "llama-9")]
    [InlineData("bench --synthetic smollm2-135m:Q9", "Q9")]
    public async Task A_wrong_command_line_ends_with_2_and_names_the_fault(string line, string fault)
    {
        CliRun run = await CliRun.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(fault, run.Failed(2).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("generate --help")]
    [InlineData("--version")]
    public async Task Help_and_version_are_results(string line)
    {
        CliRun run = await CliRun.RunAsync(line.Split(' '));
        Assert.NotEqual("", run.Succeeded().Output);
    }
}
