using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LlamaEngine.Cli;

/// <summary>The options of <c>generate</c> and <c>chat</c> that say how tokens are chosen and when a completion ends.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<int?> _maxTokens =
        NumberOptions.Optional("--max-tokens", "N", "Most tokens to generate; default: up to the end of the context.", 1, int.MaxValue);
    private readonly Option<int> _minTokens =
        NumberOptions.WithDefault("--min-tokens", "N", "No end before so many tokens.", 0, int.MaxValue, 0);
    private readonly Option<float?> _temperature =
        NumberOptions.Optional("--temperature", "T", "0 is greedy; default: as the model says, else 0.", 0f, 100f);
    private readonly Option<int?> _topK =
        NumberOptions.Optional("--top-k", "K", "Only the K most likely tokens; 0: all.", 0, int.MaxValue);
    private readonly Option<float?> _topP =
        NumberOptions.Optional("--top-p", "P", "Only the most likely tokens that together reach P; 1: all.", 0f, 1f);
    private readonly Option<float?> _minP =
        NumberOptions.Optional("--min-p", "P", "Only tokens at least P times as likely as the best; 0: all.", 0f, 1f);
    private readonly Option<float?> _typicalP =
        NumberOptions.Optional("--typical-p", "P", "Locally typical sampling; 1: off.", 0f, 1f);
    private readonly Option<float?> _repetitionPenalty =
        NumberOptions.Optional("--repetition-penalty", "X", "Makes tokens seen before less likely; 1: off.", 0.01f, 100f);
    private readonly Option<float?> _presencePenalty =
        NumberOptions.Optional("--presence-penalty", "X", "Subtracted once from tokens generated before.", -2f, 2f);
    private readonly Option<float?> _frequencyPenalty =
        NumberOptions.Optional("--frequency-penalty", "X", "Subtracted for every time a token was generated.", -2f, 2f);
    private readonly Option<int?> _penaltyWindow =
        NumberOptions.Optional("--penalty-window", "N", "Penalties see only the last N tokens; default: all.", 0, int.MaxValue);
    private readonly Option<ulong?> _seed =
        NumberOptions.Optional("--seed", "S", "Same seed, same tokens; default: a random one.", 0ul, ulong.MaxValue);
    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = "A text that ends the completion; may be repeated.",
        HelpName = "TEXT",
    };
    private readonly Option<int[]> _stopTokens = new("--stop-token")
    {
        Description = "A token that ends the completion; may be repeated.",
        HelpName = "ID",
    };
    private readonly Option<int[]> _banned = new("--ban-token")
    {
        Description = "A token that is never sampled; may be repeated.",
        HelpName = "ID",
    };
    private readonly Option<bool> _ignoreEnd = new("--ignore-end") { Description = "Go on past the model's end tokens." };
    private readonly Option<Dictionary<int, float>> _logitBias = new("--logit-bias")
    {
        Description = "Added to a token's logit; may be repeated.",
        HelpName = "ID=X",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ParseBias,
    };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _maxTokens, _minTokens, _temperature, _topK, _topP, _minP, _typicalP, _repetitionPenalty, _presencePenalty, _frequencyPenalty,
            _penaltyWindow, _seed, _stop, _stopTokens, _banned, _ignoreEnd, _logitBias,
        ];
        foreach (Option option in all)
            command.Options.Add(option);
    }

    /// <summary>What the command line says, as the SDK takes it.</summary>
    public GenerationOptions Read(ParseResult parsed) => new()
    {
        MaxTokens = parsed.GetValue(_maxTokens),
        MinTokens = parsed.GetValue(_minTokens),
        Temperature = parsed.GetValue(_temperature),
        TopK = parsed.GetValue(_topK),
        TopP = parsed.GetValue(_topP),
        MinP = parsed.GetValue(_minP),
        TypicalP = parsed.GetValue(_typicalP),
        RepetitionPenalty = parsed.GetValue(_repetitionPenalty),
        PresencePenalty = parsed.GetValue(_presencePenalty) ?? 0,
        FrequencyPenalty = parsed.GetValue(_frequencyPenalty) ?? 0,
        PenaltyWindow = parsed.GetValue(_penaltyWindow),
        Seed = parsed.GetValue(_seed),
        StopStrings = [.. parsed.GetValue(_stop) ?? []],
        StopTokens = [.. parsed.GetValue(_stopTokens) ?? []],
        BannedTokens = [.. parsed.GetValue(_banned) ?? []],
        IgnoreEndTokens = parsed.GetValue(_ignoreEnd),
        LogitBias = parsed.GetValue(_logitBias),
    };

    private static Dictionary<int, float> ParseBias(ArgumentResult result)
    {
        Dictionary<int, float> biases = [];
        foreach (string text in result.Tokens.Select(token => token.Value))
        {
            string[] parts = text.Split('=');
            if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out float bias) && !float.IsNaN(bias))
                biases[id] = bias;
            else
                result.AddError($"--logit-bias takes ID=NUMBER, not '{text}'.");
        }
        return biases;
    }
}
