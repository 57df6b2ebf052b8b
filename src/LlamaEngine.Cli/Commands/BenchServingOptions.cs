using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using LlamaEngine.Cli.Serving;

namespace LlamaEngine.Cli.Commands;

/// <summary>The options of <c>bench-serving</c>.</summary>
internal sealed class BenchServingOptions
{
    private const int MaxTokens = 1_000_000, MaxUsers = 1024, MaxKvTokens = 1 << 26, MinRequests = 32, RequestsPerUser = 2;

    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<Uri?> _url = new("--url")
    {
        Description = "Measure a server that speaks OpenAI's API (its /v1/completions) instead of an engine in this process; "
            + "--model then only tells its vocabulary.",
        HelpName = "http://…",
        CustomParser = ParseUrl,
    };
    private readonly Option<int[]> _users = new("--users")
    {
        Description = "Requests at a time, one run for each number; default: 1,2,4,8,16,32,64,128.",
        HelpName = "N,N,…",
        DefaultValueFactory = _ => [1, 2, 4, 8, 16, 32, 64, 128],
        CustomParser = ParseUsers,
    };
    private readonly Option<int?> _requests = NumberOptions.Optional(
        "--requests", "N", $"Requests of each run; default: {RequestsPerUser} a user, at least {MinRequests}.", 1, 1_000_000);
    private readonly Option<ValueRange> _prompt = Range("--prompt", "Tokens of a prompt, random ones; default: 128.", new(128, 128));
    private readonly Option<ValueRange> _gen = Range("--gen", "Tokens to generate; default: 128.", new(128, 128));
    private readonly Option<int> _sharedPrefix = NumberOptions.WithDefault(
        "--shared-prefix", "TOKENS", "So many first tokens are the same in all prompts (all of a prompt that is no longer).", 0, MaxTokens, 0);
    private readonly Option<ArrivalProcess> _arrival = new("--arrival")
    {
        Description = "closed (default): every user sends the next request when the last is done. "
            + "poisson:RATE: so many come in a second on average, and wait where all users are busy.",
        HelpName = "closed|poisson:RATE",
        CustomParser = ParseArrival,
    };
    private readonly Option<int?> _kvTokens = NumberOptions.Optional(
        "--kv-tokens", "N", "Positions of the KV cache; default: as many as all users need, if there is memory.", 1, MaxKvTokens);
    private readonly Option<KvCacheType?> _kvType = KvTypeOption.Create("Number format of the KV cache; default: auto.");
    private readonly Option<float> _temperature = NumberOptions.WithDefault(
        "--temperature", "T", "Of every second request; the others are greedy.", 0f, 100f, 0.8f);
    private readonly Option<float> _cancel = NumberOptions.WithDefault(
        "--cancel", "FRACTION", "The share of requests that are cancelled or abandoned, in the queue, in prefill or in decode.", 0f, 1f, 0f);
    private readonly Option<int> _seed = NumberOptions.WithDefault(
        "--seed", "N", "Fixes prompts, lengths, arrivals and draws.", 0, int.MaxValue, 1);
    private readonly Option<bool> _verify = new("--verify")
    {
        Description = "Run every request again, alone, and count those whose tokens or log probabilities differ in any bit.",
    };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Option<string?> _plot = new("--plot") { Description = "Draw the runs into an SVG file.", HelpName = "F.svg" };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _model, _url, _users, _requests, _prompt, _gen, _sharedPrefix, _arrival, _kvTokens, _kvType, _temperature, _cancel, _seed, _verify, _json, _plot,
        ];
        foreach (Option option in all)
            command.Options.Add(option);
    }

    /// <summary>The server to be measured; null: an engine in this process.</summary>
    /// <exception cref="UsageException">There is one, and an option that is about an engine in this process.</exception>
    public Uri? Url(ParseResult parsed)
    {
        if (parsed.GetValue(_url) is not { } url)
            return null;
        if (parsed.GetValue(_verify))
            throw new UsageException("--verify compares log probabilities bit by bit, which a server does not send; leave it out with --url.");
        if (parsed.GetValue(_kvTokens) is not null || parsed.GetValue(_kvType) is not null)
            throw new UsageException("--kv-tokens and --kv-type are the server's own with --url.");
        return url;
    }

    /// <summary>The model's file.</summary>
    public string Model(ParseResult parsed) => parsed.GetValue(_model)!;

    /// <summary>The numbers of users, one a run.</summary>
    public int[] Users(ParseResult parsed) => parsed.GetValue(_users)!;

    /// <summary>How many requests a run with so many users has.</summary>
    public int Requests(ParseResult parsed, int users) => parsed.GetValue(_requests) ?? Math.Max(RequestsPerUser * users, MinRequests);

    /// <summary>Whether to print JSON.</summary>
    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Where to draw; null: nowhere.</summary>
    public string? Plot(ParseResult parsed) => parsed.GetValue(_plot);

    /// <summary>What the requests look like.</summary>
    public Workload Workload(ParseResult parsed) => new()
    {
        Prompt = parsed.GetValue(_prompt),
        Generated = parsed.GetValue(_gen),
        SharedPrefix = parsed.GetValue(_sharedPrefix),
        Arrival = parsed.GetValue(_arrival),
        Temperature = parsed.GetValue(_temperature),
        CancelledShare = parsed.GetValue(_cancel),
        Verify = parsed.GetValue(_verify),
        Seed = parsed.GetValue(_seed),
    };

    /// <summary>The engine under load, with room for all users.</summary>
    public EngineOptions Engine(ParseResult parsed) => CommonOptions.EngineOptionsOf(parsed) with
    {
        ModelPath = parsed.GetValue(_model),
        MaxSequences = Users(parsed).Max(),
        KvCacheTokens = parsed.GetValue(_kvTokens),
        KvCacheType = parsed.GetValue(_kvType) ?? KvCacheType.Auto,
    };

    private static Option<ValueRange> Range(string name, string description, ValueRange standard) => new(name)
    {
        Description = description,
        HelpName = "N|MIN-MAX",
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!ValueRange.TryParse(text, MaxTokens, out ValueRange range))
                result.AddError($"{name} takes a whole number from 1 to {MaxTokens}, or two like 16-64, not '{text}'.");
            return range;
        },
    };

    private static Uri? ParseUrl(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        result.AddError($"--url takes an address like http://127.0.0.1:8080, not '{text}'.");
        return null;
    }

    private static int[] ParseUsers(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        List<int> users = [];
        foreach (string part in text.Split(','))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MaxUsers)
                users.Add(count);
            else
                result.AddError($"--users takes whole numbers from 1 to {MaxUsers}, like 1,8,64, not '{text}'.");
        }
        return [.. users];
    }

    private static ArrivalProcess ParseArrival(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!ArrivalProcess.TryParse(text, out ArrivalProcess arrival))
            result.AddError($"--arrival takes closed, or poisson:RATE with requests a second, not '{text}'.");
        return arrival;
    }
}
