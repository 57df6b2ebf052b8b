using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests;

public sealed class TemplateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_model_brings_its_template_and_tokens()
    {
        CliRun run = await CliRun.RunWithInputAsync(
            """{"messages": [{"role": "user", "content": "What is a camera?"}], "add_generation_prompt": true}""", "template", "--model", CliRun.Lexicon);
        Assert.Equal(
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhat is a camera?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            (string?)JsonNode.Parse(run.Succeeded().Output));
    }

    [Fact]
    public async Task A_file_takes_its_tokens_and_its_clock_from_the_options()
    {
        string file = _folder.Write("t.jinja", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }} {{ strftime_now('%Y-%m-%d %H:%M') }} {{ extra }}");
        CliRun run = await CliRun.RunWithInputAsync(
            """{"messages": [{"role": "user", "content": "Grüße"}], "extra": 7}""",
            "template", "--file", file, "--bos", "<s>", "--eos", "</s>", "--now", "2026-11-21T10:30:00");
        Assert.Equal("\"<s>Grüße</s> 2026-11-21 10:30 7\"\n", run.Succeeded().Output);
    }

    [Fact]
    public async Task The_clock_shows_local_time_in_its_own_offset()
    {
        string file = _folder.Write("t.jinja", "{{ strftime_now('%d %H') }}");
        CliRun run = await CliRun.RunWithInputAsync("{}", "template", "--file", file, "--now", "2026-11-21T23:00:00+05:00");
        Assert.Equal("\"21 23\"\n", run.Succeeded().Output);
    }

    [Fact]
    public async Task Every_line_is_answered_errors_included()
    {
        string file = _folder.Write("t.jinja", "{% if no %}{{ raise_exception('No system role here') }}{% endif %}fine");
        CliRun run = await CliRun.RunWithInputAsync("{\"no\": true}\n{}\n[]\n{broken\n{}\n", "template", "--file", file);

        JsonNode[] answers = [.. run.Succeeded().Lines.Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(5, answers.Length);
        Assert.Contains("No system role here", (string?)answers[0]["error"], StringComparison.Ordinal);
        Assert.Equal("fine", (string?)answers[1]);
        Assert.NotNull(answers[2]["error"]);
        Assert.NotNull(answers[3]["error"]);
        Assert.Equal("fine", (string?)answers[4]);
    }

    public void Dispose() => _folder.Dispose();
}
