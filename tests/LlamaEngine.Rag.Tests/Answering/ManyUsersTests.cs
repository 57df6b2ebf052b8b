using System.Globalization;

namespace LlamaEngine.Rag.Tests.Answering;

/// <summary>Many conversations at once, and many questions one after the other.</summary>
public sealed class ManyUsersTests(ITestOutputHelper output)
{
    private const int Users = 32, Turns = 3;

    private static readonly int s_questions = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_RAG_QUESTIONS"), out int count) ? count : 320;

    [Fact]
    public async Task Thirty_two_conversations_at_once_are_as_each_alone()
    {
        await using SampleLibrary library = await SampleLibrary.OpenAsync();
        Answer[][] together;
        await using (DocumentChat chat = new(library.Retriever, library.Engine))
            together = await Task.WhenAll(Enumerable.Range(0, Users).Select(user => Task.Run(() => ConverseAsync(chat, user))));
        await using DocumentChat quiet = new(library.Retriever, library.Engine);
        for (int user = 0; user < Users; user++)
        {
            Answer[] alone = await ConverseAsync(quiet, user);
            for (int turn = 0; turn < Turns; turn++)
            {
                Assert.Equal(alone[turn].Text, together[user][turn].Text);
                Assert.Equal(alone[turn].Query, together[user][turn].Query);
                Assert.Equal(alone[turn].Passages, together[user][turn].Passages);
                Assert.Equal(alone[turn].Cited, together[user][turn].Cited);
            }
        }
        // Not one answer for all.
        Assert.True(together.Select(answers => answers[0].Text).Distinct().Count() > Users / 2);
    }

    [Fact]
    public async Task Memory_stays_flat_over_many_questions()
    {
        await using SampleLibrary library = await SampleLibrary.OpenAsync();
        await using DocumentChat chat = new(library.Retriever, library.Engine);
        List<(double Resident, double Managed)> samples = [];
        for (int done = 0; done < s_questions; done += Users)
        {
            int round = done / Users;
            await Task.WhenAll(Enumerable.Range(0, Users).Select(user => Task.Run(() => ConverseAsync(chat, user + (round * 7), turns: 1))));
            if (round % Math.Max(1, s_questions / Users / 20) == 0)
                samples.Add(Measure());
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{s_questions} questions, MiB resident: {string.Join(' ', samples.Select(one => one.Resident.ToString("F0", CultureInfo.InvariantCulture)))}"));
        output.WriteLine($"MiB managed: {string.Join(' ', samples.Select(one => one.Managed.ToString("F1", CultureInfo.InvariantCulture)))}");
        // The first half fills caches that have bounds.
        double Middle(int from, int to) => samples[from..to].Select(one => one.Managed).Order().ElementAt((to - from) / 2);
        Assert.InRange(Middle(samples.Count / 2, samples.Count) - Middle(samples.Count / 4, samples.Count / 2), double.NegativeInfinity, 4);
    }

    private static (double Resident, double Managed) Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return (Environment.WorkingSet / 1048576.0, GC.GetTotalMemory(forceFullCollection: false) / 1048576.0);
    }

    private static async Task<Answer[]> ConverseAsync(DocumentChat chat, int user, int turns = Turns)
    {
        SampleQuestion[] questions = SampleQuestion.Read("answers");
        List<Exchange> history = [];
        Answer[] answers = new Answer[turns];
        for (int turn = 0; turn < turns; turn++)
        {
            answers[turn] = await chat.AnswerAsync(questions[(user + (turn * 11)) % questions.Length].Question, history);
            history.Add(answers[turn].ToExchange());
        }
        return answers;
    }
}
