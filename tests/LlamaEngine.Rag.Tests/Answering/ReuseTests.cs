using System.Globalization;

namespace LlamaEngine.Rag.Tests.Answering;

/// <summary>The second question about the same passages computes little more than the question.</summary>
public sealed class ReuseTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_demo_model_reuses_what_it_computed_for_the_same_passages()
    {
        await using SampleLibrary library = await SampleLibrary.OpenAsync();
        await MeasureAsync(library, new DocumentChatOptions());
    }

    [Fact]
    public async Task A_model_that_words_its_answers_reuses_instructions_and_passages()
    {
        await using SampleLibrary library = await SampleLibrary.OpenAsync(
            new EngineOptions { ModelPath = SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf"), ContextLength = 2048 });
        await MeasureAsync(library, new DocumentChatOptions { Style = AnswerStyle.Worded, AnswerTokens = 12, RewriteQuestions = false });
    }

    [Fact]
    public async Task What_was_kept_stays_though_others_come()
    {
        await using SampleLibrary library = await SampleLibrary.OpenAsync(new EngineOptions { KvCacheTokens = 1024 });
        await using DocumentChat chat = new(library.Retriever, library.Engine, new DocumentChatOptions { RetainedPrefixes = 2 });
        Answer first = await chat.AnswerAsync("Who invented the harbour bun?");
        // As many tokens as the whole cache has.
        for (int i = 0; i < 12; i++)
            await library.Engine.CompleteAsync(Prompt.FromUser($"{i} What is a camera? {string.Join(' ', Enumerable.Repeat($"word{i}", 40))}"), new GenerationOptions { MaxTokens = 2 }, TestContext.Current.CancellationToken);
        Answer second = await chat.AnswerAsync("What is the best-known cake?", first.ToExchange());
        Assert.Equal(first.Passages, second.Passages);
        Assert.InRange(second.Usage.ReusedTokens, second.Usage.PromptTokens * 8 / 10, second.Usage.PromptTokens);
    }

    /// <summary>Pairs of questions whose answers stand near each other.</summary>
    private static readonly (string First, string Second)[] s_pairs =
    [
        ("What shape is the fountain in the market square?", "What kind of tree grows beside the fountain?"),
        ("Who is the warden of the reserve?", "What does the warden count at sunrise?"),
        ("When was the lighthouse first lit?", "How high is the tower of the lighthouse?"),
        ("Who is the director of the observatory?", "What did the director of the observatory write her thesis about?"),
        ("Who invented the harbour bun?", "How much does a harbour bun cost?"),
    ];

    private async Task MeasureAsync(SampleLibrary library, DocumentChatOptions options)
    {
        await using DocumentChat chat = new(library.Retriever, library.Engine, options);
        List<double> ratios = [];
        foreach ((string one, string other) in s_pairs)
        {
            Answer first = await chat.AnswerAsync(one);
            Answer second = await chat.AnswerAsync(other, first.ToExchange());
            output.WriteLine($"{library.Engine.Model.Name}: {Tell(first.Usage)}, then {Tell(second.Usage)}");
            // A second question may need further passages; then it is not about the same ones.
            if (!first.Passages.SequenceEqual(second.Passages))
                continue;
            ratios.Add(first.Usage.FirstToken / second.Usage.FirstToken);
            Assert.InRange(second.Usage.ReusedTokens, second.Usage.PromptTokens * 8 / 10, second.Usage.PromptTokens);
        }
        Assert.InRange(ratios.Count, 2, s_pairs.Length);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"time to first token, median of {ratios.Count}: {ratios.Order().ElementAt(ratios.Count / 2):F1} times less"));
    }

    private static string Tell(AnswerUsage usage) => string.Create(CultureInfo.InvariantCulture,
        $"{usage.PromptTokens} tokens of prompt, {usage.ReusedTokens} reused ({100.0 * usage.ReusedTokens / Math.Max(1, usage.PromptTokens):F0} %), first token after {usage.FirstToken.TotalMilliseconds:F1} ms");
}
