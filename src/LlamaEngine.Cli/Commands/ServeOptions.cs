using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using LlamaEngine.Cli.Hosting;

namespace LlamaEngine.Cli.Commands;

/// <summary>The options of <c>serve</c>.</summary>
internal sealed class ServeOptions
{
    private const string StandardUrl = "http://127.0.0.1:8080";

    private readonly Option<string[]> _models = new("--model", "-m")
    {
        Description = "A model to serve, with the name that requests call it (default: its file's); repeat it for several, which are then loaded on "
            + "demand and share the memory. The first answers requests that name none.",
        HelpName = "[NAME=]FILE|FOLDER",
        Required = true,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<string[]> _urls = new("--urls")
    {
        Description = $"Where to listen: http://HOST:PORT (port 0: any that is free) or http://unix:/PATH for a Unix socket; several with ';'. Default: {StandardUrl}.",
        HelpName = "URL;URL…",
        DefaultValueFactory = _ => [StandardUrl],
        CustomParser = ParseUrls,
    };
    private readonly Option<string?> _endpointFile = new("--endpoint-file")
    {
        Description = "Write a JSON file (url, pid, models, started) once the server is ready; it is removed when the server stops.",
        HelpName = "F",
    };
    private readonly Option<string?> _keys = new("--api-key-file")
    {
        Description = "Keys that requests need, a line each: NAME sha256:HEX [requests_per_minute=N] [tokens_per_minute=N] [concurrency=N].",
        HelpName = "F",
    };
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Keep files and batches in this folder, so that batches go on after a restart. Without it /v1/files and /v1/batches are refused.",
        HelpName = "DIR",
    };
    private readonly Option<int?> _queue = NumberOptions.Optional(
        "--max-queue", "N", "Requests of a model that may wait; more are refused with 429. Default: any number.", 0, 1_000_000);
    private readonly Option<int> _requests = NumberOptions.WithDefault(
        "--max-requests", "N", "Requests at one time, waiting ones included; more are refused with 429. Default: 1024.", 1, 1_000_000, 1024);
    private readonly Option<int?> _interval = NumberOptions.Optional(
        "--stream-interval", "MS", "The least time between two events of a stream; 0 sends each token by itself. Default: 0 to 100 ms, as the load allows.", 0, 10_000);
    private readonly Option<int> _drain = NumberOptions.WithDefault(
        "--drain-seconds", "N", "How long requests may go on when the server is told to stop. Default: 30.", 0, 3600, 30);
    private readonly Option<float> _keepAlive = NumberOptions.WithDefault(
        "--keep-alive", "SECONDS", "How long one of several models stays loaded after its last request; -1 (default): until another needs the room.", -1f, 1e7f, -1f);
    private readonly Option<string[]> _origins = new("--cors-origin")
    {
        Description = "A web page's origin (https://example.org) that may call the server from a browser; repeat it for several. Default: none.",
        HelpName = "ORIGIN",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<int?> _context = CommonOptions.Context();
    private readonly Option<KvCacheType?> _kvType = KvTypeOption.Create("Number format of the KV cache; default: auto.");

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [_models, _urls, _endpointFile, _keys, _data, _queue, _requests, _interval, _drain, _keepAlive, _origins, _context, _kvType];
        foreach (Option option in all)
            command.Options.Add(option);
    }

    /// <summary>What a command line asks for.</summary>
    /// <exception cref="UsageException">Two models have the same name.</exception>
    public ServerSettings Read(ParseResult parsed)
    {
        EngineOptions engine = CommonOptions.EngineOptionsOf(parsed) with
        {
            ContextLength = parsed.GetValue(_context),
            KvCacheType = parsed.GetValue(_kvType) ?? KvCacheType.Auto,
            MaxQueuedRequests = parsed.GetValue(_queue),
        };
        return new ServerSettings
        {
            Models = ReadModels(parsed.GetValue(_models)!),
            Engine = engine,
            Urls = [.. parsed.GetValue(_urls)!],
            EndpointFile = FullPath(parsed.GetValue(_endpointFile)),
            ApiKeyFile = FullPath(parsed.GetValue(_keys)),
            DataFolder = FullPath(parsed.GetValue(_data)),
            MaxRequests = parsed.GetValue(_requests),
            StreamInterval = parsed.GetValue(_interval) is { } interval ? TimeSpan.FromMilliseconds(interval) : null,
            DrainTimeout = TimeSpan.FromSeconds(parsed.GetValue(_drain)),
            KeepAlive = parsed.GetValue(_keepAlive) is var seconds and >= 0 ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
            CorsOrigins = [.. parsed.GetValue(_origins)!],
        };
    }

    private static ImmutableArray<ServedModel> ReadModels(string[] given)
    {
        ImmutableArray<ServedModel> models = [.. given.Select(ServedModel.Parse)];
        foreach (IGrouping<string, ServedModel> same in models.GroupBy(model => model.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            throw new UsageException($"Two models are named '{same.Key}'; give one of them another name: --model NAME={same.Last().Path}");
        return models;
    }

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    private static string[] ParseUrls(ArgumentResult result)
    {
        string[] urls = [.. result.Tokens.SelectMany(token => token.Value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        foreach (string url in urls)
        {
            bool isSocket = url.StartsWith("http://unix:/", StringComparison.Ordinal);
            if (!isSocket && !(Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address is { Scheme: "http", PathAndQuery: "/" }))
                result.AddError($"--urls takes addresses like {StandardUrl} or http://unix:/run/llama.sock, not '{url}'.");
        }
        if (urls.Length == 0)
            result.AddError("--urls takes at least one address.");
        return urls;
    }
}
