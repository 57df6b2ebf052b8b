namespace LlamaEngine.Tests.Engine;

/// <summary>Greedy steps of real models against the reference, fed and free-running.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class GreedyTests
{
    [Fact]
    public Task Lexicon_chooses_the_listed_tokens() => CheckSteps(Lexicon.Model, Lexicon.Greedy);

    [Fact]
    public Task Lexicon_runs_free_as_listed() => CheckFreeRun(Lexicon.Model, Lexicon.Greedy);

    [Fact]
    public Task SmolLM2_chooses_the_listed_tokens() => CheckSteps(SmolLM2Model, SmolLM2Greedy);

    [Fact]
    public Task SmolLM2_runs_free_as_listed() => CheckFreeRun(SmolLM2Model, SmolLM2Greedy);

    private static string SmolLM2Model
    {
        get
        {
            TestDevice.SkipOnSoftware("135 million parameters");
            return SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf");
        }
    }

    private static string SmolLM2Greedy => SharedData.Shared("golden", "smollm2", "greedy.json");

    private static async Task CheckSteps(string model, string greedy)
    {
        List<GreedyCase> cases = GreedyCase.Load(greedy);
        List<int[]> sequences = [.. cases.Select(item => (int[])[.. item.PromptIds, .. item.Ids])];
        var wrong = new List<string>();
        int clear = 0;
        await using var engine = TestEngine.Create(model);
        await engine.ComputeLogitsAsync(sequences, (sequence, position, logits) =>
        {
            GreedyCase item = cases[sequence];
            int step = position - item.PromptIds.Length + 1;
            if (step < 0 || step >= item.Ids.Length || item.Margins[step] < GreedyCase.ClearMargin)
                return;
            clear++;
            int best = ArgMax(logits);
            if (best != item.Ids[step])
                wrong.Add($"'{item.Prompt}' step {step}: {best} in place of {item.Ids[step]} (margin {item.Margins[step]})");
        }, TestContext.Current.CancellationToken);
        Assert.True(clear > 0);
        Assert.Empty(wrong);
    }

    private static async Task CheckFreeRun(string model, string greedy)
    {
        await using var engine = TestEngine.Create(model);
        foreach (GreedyCase item in GreedyCase.Load(greedy))
        {
            var options = new GenerationOptions { Temperature = 0, MaxTokens = item.Ids.Length };
            Completion completion = await engine.CompleteAsync(item.PromptIds, options, TestContext.Current.CancellationToken);
            Assert.Equal(item.Ids[..item.ClearSteps], completion.Tokens[..Math.Min(item.ClearSteps, completion.Tokens.Length)]);
        }
    }

    private static int ArgMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                best = i;
        }
        return best;
    }
}
