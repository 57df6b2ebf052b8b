using System.Reflection;
using System.Text.Json;
using LlamaEngine.Clients;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Clients;

/// <summary>Every member of ChatOptions, also of versions to come, is honoured or refused by name.</summary>
public sealed class ChatOptionsTests(LexiconEngine lexicon) : IClassFixture<LexiconEngine>
{
    /// <summary>For each member a value that means something.</summary>
    private static readonly Dictionary<string, object> s_values = new()
    {
        [nameof(ChatOptions.ConversationId)] = "one",
        [nameof(ChatOptions.Instructions)] = "Be brief.",
        [nameof(ChatOptions.Temperature)] = 0.5f,
        [nameof(ChatOptions.MaxOutputTokens)] = 3,
        [nameof(ChatOptions.TopP)] = 0.5f,
        [nameof(ChatOptions.TopK)] = 5,
        [nameof(ChatOptions.FrequencyPenalty)] = 0.5f,
        [nameof(ChatOptions.PresencePenalty)] = 0.5f,
        [nameof(ChatOptions.Seed)] = 7L,
        [nameof(ChatOptions.Reasoning)] = new ReasoningOptions { Effort = ReasoningEffort.High },
        [nameof(ChatOptions.ResponseFormat)] = ChatResponseFormat.Json,
        [nameof(ChatOptions.ModelId)] = "another-model",
        [nameof(ChatOptions.StopSequences)] = new List<string> { "photo" },
        [nameof(ChatOptions.AllowMultipleToolCalls)] = true,
        [nameof(ChatOptions.ToolMode)] = ChatToolMode.RequireAny,
        [nameof(ChatOptions.Tools)] = new List<AITool> { AIFunctionFactory.Create(() => 1, "one") },
        [nameof(ChatOptions.AllowBackgroundResponses)] = true,
        [nameof(ChatOptions.ContinuationToken)] = ResponseContinuationToken.FromBytes(new byte[] { 1 }),
        [nameof(ChatOptions.RawRepresentationFactory)] = (Func<IChatClient, object?>)(_ => new GenerationOptions { MinTokens = 2 }),
        [nameof(ChatOptions.AdditionalProperties)] = new AdditionalPropertiesDictionary { ["min_p"] = 0.5 },
    };

    private static readonly string[] s_refused =
    [
        nameof(ChatOptions.Reasoning), nameof(ChatOptions.ModelId), nameof(ChatOptions.AllowMultipleToolCalls),
        nameof(ChatOptions.ToolMode), nameof(ChatOptions.Tools), nameof(ChatOptions.AllowBackgroundResponses), nameof(ChatOptions.ContinuationToken),
    ];

    public static TheoryData<string> Members =>
        [.. typeof(ChatOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(member => member.CanWrite).Select(member => member.Name)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Members))]
    public async Task A_member_changes_what_the_engine_is_asked_or_is_refused_by_name(string name)
    {
        Assert.True(s_values.TryGetValue(name, out object? value), $"ChatOptions.{name} is new: honour it or refuse it.");
        var options = new ChatOptions();
        typeof(ChatOptions).GetProperty(name)!.SetValue(options, value);
        using LlamaChatClient client = lexicon.Engine.AsChatClient();
        if (s_refused.Contains(name))
        {
            var refusal = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync(LexiconEngine.Camera, options, Token));
            Assert.Contains($"ChatOptions.{name} ", refusal.Message, StringComparison.Ordinal);
            return;
        }
        if (ChatOptionsReader.Read(options, client) != ChatOptionsReader.Read(new ChatOptions(), client))
            return;
        // It is not about generation, so it must show in the prompt or in the response.
        ChatResponse plain = await client.GetResponseAsync(LexiconEngine.Camera, null, Token);
        ChatResponse response = await client.GetResponseAsync(LexiconEngine.Camera, options, Token);
        Assert.True(
            response.Usage!.InputTokenCount > plain.Usage!.InputTokenCount || response.ConversationId != plain.ConversationId,
            $"ChatOptions.{name} makes no difference");
    }

    [Fact]
    public void Members_become_the_options_of_their_meaning()
    {
        using LlamaChatClient client = lexicon.Engine.AsChatClient();
        GenerationOptions read = ChatOptionsReader.Read(
            new ChatOptions
            {
                Temperature = 0.5f,
                TopP = 0.75f,
                TopK = 6,
                MaxOutputTokens = 7,
                FrequencyPenalty = 0.25f,
                PresencePenalty = -0.25f,
                Seed = -1,
                StopSequences = ["a", "b"],
                ModelId = lexicon.Engine.Model.Name,
                ResponseFormat = ChatResponseFormat.Text,
                ToolMode = ChatToolMode.None,
                Tools = [],
                AllowMultipleToolCalls = false,
                AllowBackgroundResponses = false,
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None, Output = ReasoningOutput.None },
            },
            client);
        Assert.Equal(["a", "b"], read.StopStrings);
        Assert.Equal(
            new GenerationOptions
            {
                Temperature = 0.5f, TopP = 0.75f, TopK = 6, MaxTokens = 7, FrequencyPenalty = 0.25f, PresencePenalty = -0.25f, Seed = ulong.MaxValue,
            },
            read with { StopStrings = [] });
    }

    [Fact]
    public void Additional_properties_become_the_remaining_options_whether_set_in_code_or_read_from_JSON()
    {
        var inCode = new AdditionalPropertiesDictionary
        {
            ["min_p"] = 0.5, ["typical_p"] = 0.25f, ["repetition_penalty"] = 2, ["penalty_window"] = 9L,
            ["logit_bias"] = new Dictionary<int, float> { [3] = -1 }, ["banned_tokens"] = new[] { 4, 5 }, ["min_tokens"] = (short)1,
            ["stop_tokens"] = new List<int> { 6 }, ["ignore_end_tokens"] = true, ["top_logprobs"] = 2, ["priority"] = -3,
            ["timeout"] = TimeSpan.FromSeconds(1.5),
        };
        const string Json = """
            { "min_p": 0.5, "typical_p": 0.25, "repetition_penalty": 2, "penalty_window": 9, "logit_bias": { "3": -1 }, "banned_tokens": [4, 5],
              "min_tokens": 1, "stop_tokens": [6], "ignore_end_tokens": true, "top_logprobs": 2, "priority": -3, "timeout": 1.5 }
            """;
        var fromJson = new AdditionalPropertiesDictionary();
        foreach (JsonProperty property in JsonDocument.Parse(Json).RootElement.EnumerateObject())
            fromJson[property.Name] = property.Value;

        foreach (AdditionalPropertiesDictionary given in new[] { inCode, fromJson })
        {
            GenerationOptions read = Read(given);
            Assert.Equal([KeyValuePair.Create(3, -1f)], read.LogitBias!);
            Assert.Equal([4, 5], read.BannedTokens);
            Assert.Equal([6], read.StopTokens);
            Assert.Equal(
                new GenerationOptions
                {
                    MinP = 0.5f, TypicalP = 0.25f, RepetitionPenalty = 2, PenaltyWindow = 9, MinTokens = 1, IgnoreEndTokens = true,
                    TopLogProbabilities = 2, Priority = -3, Timeout = TimeSpan.FromSeconds(1.5),
                },
                read with { LogitBias = null, BannedTokens = [], StopTokens = [] });
        }
        // With the members of ChatOptions and these two, which are the raw representation's, that is all of GenerationOptions.
        Assert.Equal(
            9 + inCode.Count + new[] { nameof(GenerationOptions.Choices), nameof(GenerationOptions.LogitProcessors) }.Length,
            typeof(GenerationOptions).GetProperties().Length);
    }

    [Theory]
    [InlineData("min_p", "much")]
    [InlineData("min_tokens", 1.5)]
    [InlineData("min_tokens", 1e12)]
    [InlineData("ignore_end_tokens", 1)]
    [InlineData("stop_tokens", 1)]
    [InlineData("logit_bias", "3")]
    [InlineData("timeout", double.NaN)]
    [InlineData("timeout", 1e300)]
    public void A_value_of_the_wrong_kind_is_an_error_that_names_its_key(string key, object value)
    {
        var error = Assert.Throws<ArgumentException>(() => Read(new() { [key] = value }));
        Assert.Contains($"AdditionalProperties[\"{key}\"]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_key_is_refused_by_name_with_the_known_ones()
    {
        var refusal = Assert.Throws<NotSupportedException>(() => Read(new() { ["mirostat"] = 2 }));
        Assert.Contains("AdditionalProperties[\"mirostat\"]", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("min_p", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(new GenerationOptions(), Read(new() { ["min_p"] = null }));
    }

    [Fact]
    public void What_the_raw_representation_says_holds_where_the_members_say_nothing()
    {
        using LlamaChatClient client = lexicon.Engine.AsChatClient();
        GenerationOptions read = ChatOptionsReader.Read(
            new ChatOptions
            {
                RawRepresentationFactory = _ => new GenerationOptions { Temperature = 0.5f, TopK = 3, MinP = 0.25f },
                TopK = 4,
                AdditionalProperties = new() { ["min_p"] = 0.5 },
            },
            client);
        Assert.Equal(new GenerationOptions { Temperature = 0.5f, TopK = 4, MinP = 0.5f }, read);
        Assert.Equal(new GenerationOptions(), ChatOptionsReader.Read(new ChatOptions { RawRepresentationFactory = _ => null }, client));
    }

    [Fact]
    public void A_raw_representation_that_is_another_type_or_has_choices_is_refused()
    {
        using LlamaChatClient client = lexicon.Engine.AsChatClient();
        foreach (object raw in new object[] { "text", new GenerationOptions { Choices = 2 } })
        {
            var refusal = Assert.Throws<NotSupportedException>(
                () => ChatOptionsReader.Read(new ChatOptions { RawRepresentationFactory = _ => raw }, client));
            Assert.Contains("ChatOptions.RawRepresentationFactory", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Values_out_of_range_are_argument_errors()
    {
        using LlamaChatClient client = lexicon.Engine.AsChatClient();
        ChatOptions[] wrong =
        [
            new() { MaxOutputTokens = 0 }, new() { Temperature = -1 }, new() { TopP = 2 }, new() { TopK = -1 }, new() { FrequencyPenalty = 3 },
            new() { StopSequences = [""] }, new() { ConversationId = "" },
        ];
        foreach (ChatOptions options in wrong)
            await Assert.ThrowsAnyAsync<ArgumentException>(() => client.GetResponseAsync(LexiconEngine.Camera, options, Token));
        // The last one's conversation must not have begun.
        Assert.False(client.EndConversation(""));
    }

    private GenerationOptions Read(AdditionalPropertiesDictionary given)
    {
        using LlamaChatClient client = lexicon.Engine.AsChatClient();
        return ChatOptionsReader.Read(new ChatOptions { AdditionalProperties = given }, client);
    }
}
