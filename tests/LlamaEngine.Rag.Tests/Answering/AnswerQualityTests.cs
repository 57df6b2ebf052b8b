using System.Globalization;

namespace LlamaEngine.Rag.Tests.Answering;

/// <summary>How many questions about the sample's documents are answered rightly, and how many that the documents do not answer are refused.</summary>
public sealed class AnswerQualityTests(ITestOutputHelper output)
{
    /// <summary>So many questions a model of 135 million parameters is asked in its own words, which takes a second each; all 50 if the environment says so.</summary>
    private static readonly int s_worded = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_RAG_WORDED"), out int count) ? count : 6;

    [Fact]
    public async Task The_demo_model_answers_four_of_five_and_refuses_what_the_documents_do_not_say()
    {
        await using SampleLibrary library = await SampleLibrary.OpenAsync();
        await using DocumentChat chat = new(library.Retriever, library.Engine);
        Assert.Equal(AnswerStyle.Quoted, chat.Style);
        (int right, int refused) = await MeasureAsync(chat, "Lexicon, quoted");
        Assert.True(right >= 32, $"{right} of 40 are right.");
        Assert.Equal(10, refused);
        await MeasureSentencesAsync(chat);
    }

    // Questions that use other words than the documents on purpose: reported. What is said wrongly is worse than what is refused.
    private async Task MeasureSentencesAsync(DocumentChat chat)
    {
        SampleQuestion[] questions = SampleQuestion.Read("retrieval");
        int right = 0, refused = 0;
        foreach (SampleQuestion question in questions)
        {
            Answer answer = await chat.AnswerAsync(question.Question);
            right += answer.Text.Contains(question.Sentence, StringComparison.Ordinal) ? 1 : 0;
            refused += answer.IsRefusal ? 1 : 0;
        }
        output.WriteLine($"The retrieval set: of {questions.Length} questions {right} get their sentence, {refused} are refused, {questions.Length - right - refused} get another sentence");
        Assert.True(right > questions.Length / 3 && right > 2 * (questions.Length - right - refused));
    }

    [Theory]
    [InlineData(AnswerStyle.Quoted)]
    [InlineData(AnswerStyle.Worded)]
    public async Task SmolLM2_answers(AnswerStyle style)
    {
        string model = SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf");
        await using SampleLibrary library = await SampleLibrary.OpenAsync(new EngineOptions { ModelPath = model });
        await using DocumentChat chat = new(library.Retriever, library.Engine, new DocumentChatOptions { Style = style, AnswerTokens = 60, PassageTokens = 500 });
        (int right, int refused) = await MeasureAsync(chat, $"SmolLM2, {style}", style == AnswerStyle.Quoted ? 50 : s_worded);
        // What a model of 135 million parameters says in its own words is reported only.
        Assert.True(style == AnswerStyle.Worded || (right >= 32 && refused == 10), $"{right} right, {refused} refused");
    }

    private async Task<(int Right, int Refused)> MeasureAsync(DocumentChat chat, string name, int most = 50)
    {
        SampleQuestion[] questions = SampleQuestion.Read("answers"), unanswerable = SampleQuestion.Read("unanswerable");
        Assert.Equal((40, 10), (questions.Length, unanswerable.Length));
        questions = questions[..Math.Min(most, questions.Length)];
        unanswerable = unanswerable[..Math.Min(most, unanswerable.Length)];
        int right = 0, refused = 0;
        foreach (SampleQuestion question in questions)
        {
            Answer answer = await chat.AnswerAsync(question.Question);
            bool isRight = !answer.IsRefusal && question.IsAnsweredBy(answer.Text);
            right += isRight ? 1 : 0;
            output.WriteLine($"{(isRight ? "right" : answer.IsRefusal ? "REFUSED" : "WRONG")}: {question.Question} -> {answer.Text}");
        }
        foreach (SampleQuestion question in unanswerable)
        {
            Answer answer = await chat.AnswerAsync(question.Question);
            refused += answer.IsRefusal ? 1 : 0;
            output.WriteLine($"{(answer.IsRefusal ? "refused" : "ANSWERED")}: {question.Question} -> {answer.Text}");
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {right} of {questions.Length} right, {refused} of {unanswerable.Length} refused"));
        return (right, refused);
    }
}
