using System.Text.Json.Nodes;
using LlamaEngine.Rag.Tests.Answering;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>The sample as it comes, with many users at once.</summary>
public sealed class ManyConversationsTests
{
    private const int Users = 32, Turns = 3;

    [Fact]
    public async Task Thirty_two_users_at_once_get_the_answers_that_each_would_get_alone()
    {
        await using WholeSample sample = await WholeSample.StartAsync();
        using HttpClient client = new() { BaseAddress = sample.Address };

        SampleQuestion[] questions = SampleQuestion.Read("answers");
        string Question(int user, int turn) => questions[(user + (turn * 11)) % questions.Length].Question;
        JsonNode[] conversations = await Task.WhenAll(Enumerable.Range(0, Users).Select(async user =>
        {
            string id = await client.CreateAsync();
            for (int turn = 0; turn < Turns; turn++)
                Assert.Equal("done", (await client.AskToEndAsync(id, Question(user, turn)))[^1].Name);
            return await client.GetJsonAsync($"api/conversations/{id}");
        }));

        for (int user = 0; user < Users; user++)
        {
            JsonArray turns = conversations[user]["turns"]!.AsArray();
            Assert.Equal(Turns, turns.Count);
            List<Exchange> history = [];
            for (int turn = 0; turn < Turns; turn++)
            {
                Answer alone = await sample.Chatbot.Chat.AnswerAsync(Question(user, turn), history);
                history.Add(alone.ToExchange());
                Assert.Equal(Question(user, turn), (string)turns[turn]!["question"]!);
                Assert.Equal(alone.Text, (string)turns[turn]!["text"]!);
                Assert.Equal(alone.Passages.Select(cited => cited.Passage.Id), turns[turn]!["passages"]!.AsArray().Select(passage => (long)passage!["id"]!));
            }
        }
    }
}
