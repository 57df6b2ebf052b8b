using System.Text.RegularExpressions;

namespace LlamaEngine.AspNetCore.Tests.Documentation;

/// <summary>docs/rest.md says what is so: its requests are answered, and its fields and codes are those of the code.</summary>
public sealed partial class RestDocumentTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private static readonly string s_document = File.ReadAllText(Path.Combine(Repository, "docs", "rest.md"));

    private static string Repository
    {
        get
        {
            DirectoryInfo folder = new(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
                folder = folder.Parent!;
            return folder.FullName;
        }
    }

    [Fact]
    public async Task Its_requests_are_answered()
    {
        MatchCollection requests = Curl().Matches(s_document);
        Assert.True(requests.Count >= 8);
        foreach (Match request in requests)
        {
            Reply reply = await fixture.Server.PostAsync(request.Groups["path"].Value, request.Groups["body"].Value);
            Assert.True(reply.Status == 200, $"{request.Value}: {reply.Text}");
        }
    }

    /// <summary>What the endpoints support they say themselves, when they refuse something else.</summary>
    [Theory]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "a"}], "nonsense": 1}""")]
    [InlineData("/v1/completions", """{"prompt": "a", "nonsense": 1}""")]
    [InlineData("/v1/embeddings", """{"input": "a", "nonsense": 1}""")]
    [InlineData("/tokenize", """{"prompt": "a", "nonsense": 1}""")]
    [InlineData("/tokenize", """{"messages": [{"role": "user", "content": "a"}], "nonsense": 1}""")]
    [InlineData("/detokenize", """{"tokens": [1], "nonsense": 1}""")]
    [InlineData("/apply-template", """{"messages": [{"role": "user", "content": "a"}], "nonsense": 1}""")]
    public async Task It_names_every_field(string path, string body)
    {
        string message = (await fixture.Server.PostAsync(path, body)).Message;
        string[] fields = message.Split("Supported: ")[1].TrimEnd('.').Split(", ");
        Assert.True(fields.Length >= 3);
        Assert.All(fields, field => Assert.Matches($"`{field}[`.]", s_document));
    }

    [Fact]
    public void It_names_every_code()
    {
        string sources = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository, "src", "LlamaEngine.AspNetCore", "Errors"), "*.cs").Select(File.ReadAllText));
        string[] codes = [.. Code().Matches(sources).Select(match => match.Groups[1].Value).Distinct()];
        Assert.True(codes.Length > 8);
        string[] types = ["invalid_request_error", "server_error", "timeout_error", "rate_limit_error", "authentication_error"];
        Assert.All(codes.Except(types), code => Assert.Contains($"`{code}`", s_document, StringComparison.Ordinal));
    }

    [GeneratedRegex("""curl (?:-N )?http://localhost:5000(?<path>\S+) -H 'Content-Type: application/json' (?:\\\n  )?-d '(?<body>[^']+)'""")]
    private static partial Regex Curl();

    [GeneratedRegex("\"([a-z]+(?:_[a-z]+)+)\"")]
    private static partial Regex Code();
}
