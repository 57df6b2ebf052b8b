using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

public class SamplingParametersTests
{
    [Fact]
    public void Without_options_and_configuration_it_is_greedy_and_plain()
    {
        SamplingParameters p = Resolve(null, "{}");
        Assert.Equal((0, 0, 1, 0, 1, 1), (p.Temperature, p.TopK, p.TopP, p.MinP, p.TypicalP, p.RepetitionPenalty));
        Assert.Equal((0, 0, int.MaxValue), (p.PresencePenalty, p.FrequencyPenalty, p.PenaltyWindow));
        Assert.Null(p.MaxTokens);
        Assert.Null(p.TopLogProbabilities);
        Assert.Equal([7, 9], p.StopTokens);
    }

    [Theory]
    [InlineData("""{"do_sample": false, "temperature": 0.6}""", 0)]
    [InlineData("""{"do_sample": true}""", 1)]
    [InlineData("""{"do_sample": true, "temperature": 0.6}""", 0.6f)]
    [InlineData("""{"temperature": 0.6}""", 0.6f)]
    [InlineData("""{"temperature": null, "do_sample": null}""", 0)]
    [InlineData("""{"do_sample": true, "temperature": null}""", 1)]
    [InlineData("""{"temperature": 1}""", 1)]
    public void Configuration_says_how_hot(string configuration, float temperature) =>
        Assert.Equal(temperature, Resolve(null, configuration).Temperature);

    [Fact]
    public void Configuration_fills_what_options_leave_open_and_options_win()
    {
        const string All = """
            {"do_sample": true, "temperature": 0.5, "top_k": 40, "top_p": 0.9, "min_p": 0.05, "typical_p": 0.8,
             "repetition_penalty": 1.1, "max_new_tokens": 64, "eos_token_id": [1, 2], "transformers_version": "4"}
            """;
        SamplingParameters model = Resolve(null, All);
        Assert.Equal((0.5f, 40, 0.9f, 0.05f, 0.8f, 1.1f), (model.Temperature, model.TopK, model.TopP, model.MinP, model.TypicalP, model.RepetitionPenalty));
        Assert.Equal(64, model.MaxTokens);
        var options = new GenerationOptions
        {
            Temperature = 0, TopK = 3, TopP = 1, MinP = 0, TypicalP = 1, RepetitionPenalty = 1, MaxTokens = 5,
        };
        SamplingParameters own = Resolve(options, All);
        Assert.Equal((0, 3, 1, 0, 1, 1), (own.Temperature, own.TopK, own.TopP, own.MinP, own.TypicalP, own.RepetitionPenalty));
        Assert.Equal(5, own.MaxTokens);
    }

    [Fact]
    public void Values_made_in_code_are_read_as_those_from_a_file()
    {
        var made = new JsonObject { ["top_k"] = 40L, ["temperature"] = 0.5m, ["top_p"] = 0.25 };
        SamplingParameters p = SamplingParameters.Resolve(null, made, 100, []);
        Assert.Equal((40, 0.5f, 0.25f), (p.TopK, p.Temperature, p.TopP));
    }

    [Theory]
    [InlineData("top_k", "-1", 0)]
    [InlineData("top_k", "0", 0)]
    [InlineData("top_k", "99", 99)]
    [InlineData("top_k", "50.0", 50)]
    [InlineData("top_k", "100", 0)]
    [InlineData("top_k", "200000", 0)]
    public void Top_k_of_all_is_none(string key, string value, int expected) =>
        Assert.Equal(expected, Resolve(null, $$"""{"{{key}}": {{value}}}""").TopK);

    [Theory]
    [InlineData("do_sample", "1")]
    [InlineData("do_sample", "\"yes\"")]
    [InlineData("temperature", "-0.1")]
    [InlineData("temperature", "\"hot\"")]
    [InlineData("temperature", "1e300")]
    [InlineData("temperature", "[1]")]
    [InlineData("top_k", "-2")]
    [InlineData("top_k", "1.5")]
    [InlineData("top_k", "1e30")]
    [InlineData("top_k", "true")]
    [InlineData("top_p", "1.01")]
    [InlineData("top_p", "-0.1")]
    [InlineData("min_p", "2")]
    [InlineData("typical_p", "0")]
    [InlineData("repetition_penalty", "0")]
    [InlineData("repetition_penalty", "{}")]
    [InlineData("max_new_tokens", "0")]
    public void Configuration_without_sense_is_refused_by_file_and_key(string key, string value)
    {
        string configuration = $$"""{"{{key}}": {{value}}}""";
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Resolve(null, configuration));
        Assert.Equal("generation_config.json", error.File);
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Configuration_without_sense_does_no_harm_where_options_say_it()
    {
        var options = new GenerationOptions { Temperature = 1, TopP = 0.5f };
        Assert.Equal(0.5f, Resolve(options, """{"temperature": "hot", "top_p": -1}""").TopP);
    }

    public static TheoryData<string, GenerationOptions> Refused => new()
    {
        { "MaxTokens", new() { MaxTokens = 0 } },
        { "MinTokens", new() { MinTokens = -1 } },
        { "MinTokens", new() { MinTokens = 5, MaxTokens = 4 } },
        { "Temperature", new() { Temperature = -0.1f } },
        { "Temperature", new() { Temperature = float.PositiveInfinity } },
        { "Temperature", new() { Temperature = float.NaN } },
        { "TopK", new() { TopK = -1 } },
        { "TopP", new() { TopP = 0 } },
        { "TopP", new() { TopP = 1.1f } },
        { "TopP", new() { TopP = float.NaN } },
        { "MinP", new() { MinP = -0.1f } },
        { "MinP", new() { MinP = 1.1f } },
        { "TypicalP", new() { TypicalP = 0 } },
        { "TypicalP", new() { TypicalP = 1.1f } },
        { "RepetitionPenalty", new() { RepetitionPenalty = 0 } },
        { "RepetitionPenalty", new() { RepetitionPenalty = float.PositiveInfinity } },
        { "PresencePenalty", new() { PresencePenalty = 2.1f } },
        { "PresencePenalty", new() { PresencePenalty = float.NaN } },
        { "FrequencyPenalty", new() { FrequencyPenalty = -2.1f } },
        { "PenaltyWindow", new() { PenaltyWindow = -1 } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [100] = 1 } } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [1] = float.PositiveInfinity } } },
        { "BannedTokens", new() { BannedTokens = [100] } },
        { "StopTokens", new() { StopTokens = [-1] } },
        { "StopStrings", new() { StopStrings = ["a", ""] } },
        { "StopStrings", new() { StopStrings = [null!] } },
        { "StopStrings", new() { StopStrings = ["a\uD83D"] } },
        { "StopStrings", new() { StopStrings = ["\uDE00a"] } },
        { "TopLogProbabilities", new() { TopLogProbabilities = -1 } },
        { "TopLogProbabilities", new() { TopLogProbabilities = 21 } },
        { "LogitProcessors", new() { LogitProcessors = [null!] } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void Options_out_of_range_are_refused_by_name(string member, GenerationOptions options)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => Resolve(options, "{}"));
        Assert.Equal(member, error.ParamName);
    }

    [Fact]
    public void Options_at_the_ends_of_their_ranges_are_taken()
    {
        var options = new GenerationOptions
        {
            MaxTokens = 1, MinTokens = 1, Temperature = float.MaxValue, TopK = int.MaxValue, TopP = float.Epsilon, MinP = 1, TypicalP = 1,
            RepetitionPenalty = float.Epsilon, PresencePenalty = -2, FrequencyPenalty = 2, PenaltyWindow = 0, TopLogProbabilities = 20,
            LogitBias = new Dictionary<int, float> { [99] = float.NegativeInfinity }, BannedTokens = [0, 99], StopTokens = [99], StopStrings = ["😀"],
        };
        Assert.Equal(0, Resolve(options, "{}").TopK);
    }

    [Fact]
    public void Arrays_that_were_never_made_are_empty()
    {
        var options = new GenerationOptions { BannedTokens = default, StopStrings = default, StopTokens = default, LogitProcessors = default };
        SamplingParameters p = SamplingParameters.Resolve(options, [], 100, default);
        Assert.Empty(p.BannedTokens.AsEnumerable().Concat(p.StopTokens).Concat(p.LateTokens));
        Assert.Empty(p.StopStrings);
        Assert.Empty(p.LogitProcessors);
    }

    [Fact]
    public void Stop_tokens_are_the_models_and_the_requests()
    {
        var options = new GenerationOptions { StopTokens = [9, 3] };
        Assert.Equal([9, 3, 7], Resolve(options, "{}").StopTokens);
        Assert.True(Resolve(options, "{}").IsStopToken(7));
        SamplingParameters ignoring = Resolve(options with { IgnoreEndTokens = true }, "{}");
        Assert.Equal([9, 3], ignoring.StopTokens);
        Assert.False(ignoring.IsStopToken(7));
        Assert.Equal([9, 3, 7], ignoring.LateTokens);
    }

    [Fact]
    public void End_tokens_outside_the_vocabulary_do_not_count() =>
        Assert.Equal([2], SamplingParameters.Resolve(null, [], 3, [2, 3, -1]).LateTokens);

    private static SamplingParameters Resolve(GenerationOptions? options, string configuration) =>
        SamplingParameters.Resolve(options, JsonNode.Parse(configuration)!.AsObject(), 100, [7, 9]);
}
