using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using LlamaEngine;
using LlamaEngine.Rag;

namespace RagChatbot.CommandLine;

/// <summary>The options of the command line; those that llama-engine has too are spelled as there.</summary>
internal sealed class ChatbotOptions
{
    private const string StandardUrl = "http://127.0.0.1:5080";

    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "A GGUF file (the first part of a split one) or a Hugging Face folder. Default: the demo model Lexicon.",
        HelpName = "FILE|FOLDER",
    };
    private readonly Option<string?> _documents = new("--documents")
    {
        Description = "The folder to chat with: Markdown, text and HTML. Default: the sample's own.",
        HelpName = "DIR",
    };
    private readonly Option<string?> _data = new("--data")
    {
        Description = "Keep index and conversations in this folder. Default: one below the user's local application data.",
        HelpName = "DIR",
    };
    private readonly Option<string[]> _urls = new("--urls")
    {
        Description = $"Where to serve the page: http://HOST:PORT (port 0: any that is free); several with ';'. Default: {StandardUrl}.",
        HelpName = "URL;URL…",
        CustomParser = ParseUrls,
    };
    private readonly Option<Uri[]> _endpoints = new("--endpoint")
    {
        Description = "A server that speaks OpenAI's API and answers instead of the engine in this process; repeat it for several.",
        HelpName = "URL",
        AllowMultipleArgumentsPerToken = false,
        CustomParser = ParseEndpoints,
    };
    private readonly Option<string?> _hosts = new("--hosts-file") { Description = "A file that names such servers, a line each.", HelpName = "F" };
    private readonly Option<string?> _ask = new("--ask") { Description = "Answer one question on the console, with its sources, and end.", HelpName = "QUESTION" };
    private readonly Option<bool> _json = new("--json") { Description = "With --ask: print one JSON value." };
    private readonly Option<int?> _topK = Number("--top-k", $"Most passages that are looked for; default: {new DocumentChatOptions().Retrieval.TopK}.", 1, 50);
    private readonly Option<int?> _threads = Number("--threads", "CPU threads; default: as many as this process may use.", 1, 1024);
    private readonly Option<(DeviceKind Kind, int? Ordinal)> _device = new("--device")
    {
        Description = "What computes; default: auto. N counts the GPUs that CUDA_VISIBLE_DEVICES leaves visible.",
        HelpName = "auto|cpu|cuda|cuda:N",
        CustomParser = ParseDevice,
    };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [_model, _documents, _data, _urls, _endpoints, _hosts, _ask, _json, _topK, _threads, _device];
        foreach (Option option in all)
            command.Options.Add(option);
    }

    /// <summary>Whether a command line is about one question rather than the page.</summary>
    public bool IsQuestion(ParseResult parsed) => parsed.GetValue(_ask) is not null;

    /// <summary>What a command line asks for.</summary>
    /// <exception cref="UsageException">Options contradict each other, or name what is not there.</exception>
    public ChatbotSettings Read(ParseResult parsed)
    {
        string? question = parsed.GetValue(_ask);
        bool json = parsed.GetValue(_json);
        string[] urls = parsed.GetValue(_urls) ?? [];
        if (question is null && json)
            throw new UsageException("--json is the form of an answer; it needs --ask.");
        if (question is not null && urls.Length > 0)
            throw new UsageException("--ask answers on the console and serves nothing; it does not go with --urls.");
        if (question is not null && string.IsNullOrWhiteSpace(question))
            throw new UsageException("--ask needs a question.");
        (DeviceKind kind, int? ordinal) = parsed.GetValue(_device);
        return new ChatbotSettings
        {
            Engine = new EngineOptions
            {
                ModelPath = FullPath(parsed.GetValue(_model)), Threads = parsed.GetValue(_threads), Device = kind, DeviceOrdinal = ordinal,
            },
            Documents = FindDocuments(FullPath(parsed.GetValue(_documents))),
            Data = FullPath(parsed.GetValue(_data)) ?? DataFolder.Standard,
            Urls = urls.Length > 0 ? urls : [StandardUrl],
            Endpoints = parsed.GetValue(_endpoints) ?? [],
            HostsFile = FullPath(parsed.GetValue(_hosts)),
            Question = question,
            Json = json,
            TopK = parsed.GetValue(_topK),
        };
    }

    private static string FindDocuments(string? given)
    {
        string folder = given ?? Path.Combine(AppContext.BaseDirectory, "documents");
        if (Directory.Exists(folder))
            return folder;
        throw new UsageException(File.Exists(folder) ? $"--documents takes a folder, and '{folder}' is a file." : $"There is no folder '{folder}'; --documents names one.");
    }

    private static string? FullPath(string? path) => string.IsNullOrEmpty(path) ? null : Path.GetFullPath(path);

    private static string[] ParseUrls(ArgumentResult result)
    {
        string[] urls = [.. result.Tokens.SelectMany(token => token.Value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        foreach (string url in urls)
        {
            if (!(Uri.TryCreate(url.Replace("//*", "//any").Replace("//+", "//any"), UriKind.Absolute, out Uri? address) && address is { Scheme: "http", PathAndQuery: "/" }))
                result.AddError($"--urls takes addresses like {StandardUrl}, not '{url}'.");
        }
        if (urls.Length == 0)
            result.AddError("--urls takes at least one address.");
        return urls;
    }

    private static Uri[] ParseEndpoints(ArgumentResult result)
    {
        List<Uri> endpoints = [];
        foreach (Token token in result.Tokens)
        {
            if (Uri.TryCreate(token.Value, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https")
                endpoints.Add(address);
            else
                result.AddError($"--endpoint takes addresses like http://127.0.0.1:8080/v1, not '{token.Value}'.");
        }
        return [.. endpoints];
    }

    private static (DeviceKind Kind, int? Ordinal) ParseDevice(ArgumentResult result)
    {
        const string Numbered = "cuda:";
        const int Most = 1023; // no machine has more GPUs
        string text = result.Tokens[0].Value;
        switch (text)
        {
            case "auto":
                return default;
            case "cpu":
                return (DeviceKind.Cpu, null);
            case "cuda":
                return (DeviceKind.Cuda, null);
        }
        if (text.StartsWith(Numbered, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(Numbered.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) && ordinal <= Most)
        {
            return (DeviceKind.Cuda, ordinal);
        }
        result.AddError($"--device takes auto, cpu, cuda or cuda:N with N from 0 to {Most}, not '{text}'.");
        return default;
    }

    private static Option<int?> Number(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most)
                return value;
            result.AddError($"{name} takes a whole number from {least} to {most}, not '{text}'.");
            return null;
        },
    };
}
