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

    private async Task MeasureAsync(SampleLibrary library, DocumentChatOptions options)
    {
        await using DocumentChat chat = new(library.Retriever, library.Engine, options);
        // The first prompt of an engine also pays for what is compiled and allocated once.
        await chat.AnswerAsync("What shape is the fountain in the market square?");
        Answer first = await chat.AnswerAsync("Who invented the harbour bun?");
        Answer second = await chat.AnswerAsync("How much does a harbour bun cost?", first.ToExchange());
        foreach (Answer answer in (Answer[])[first, second])
        {
            AnswerUsage usage = answer.Usage;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{library.Engine.Model.Name}: {usage.PromptTokens} tokens of prompt, {usage.ReusedTokens} reused ({100.0 * usage.ReusedTokens / usage.PromptTokens:F0} %), first token after {usage.FirstToken.TotalMilliseconds:F1} ms: {answer.Text}"));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"time to first token: {first.Usage.FirstToken / second.Usage.FirstToken:F1} times less"));
        Assert.Equal(first.Passages, second.Passages);
        Assert.NotEmpty(second.Cited);
        Assert.InRange(second.Usage.ReusedTokens, second.Usage.PromptTokens * 8 / 10, second.Usage.PromptTokens);
    }
}
