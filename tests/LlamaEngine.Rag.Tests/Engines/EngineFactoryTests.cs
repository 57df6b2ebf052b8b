using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RagChatbot.Engines;

namespace LlamaEngine.Rag.Tests.Engines;

/// <summary>Clients over real connections.</summary>
public sealed class EngineFactoryTests
{
    private static readonly ChatMessage[] Question = [new(ChatRole.User, "What is a camera?")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_a_server_ends_the_other_answers()
    {
        FakeServer first = await FakeServer.StartAsync(FakeServer.Say("one"));
        await using FakeServer second = await FakeServer.StartAsync(FakeServer.Say("two"));
        List<string> log = [];
        using IChatClient client = EngineFactory.CreateChatClient(new EndpointOptions { Endpoints = [first.Url, second.Url] }, log.Add);
        Assert.Equal("one", (await client.GetResponseAsync(Question, cancellationToken: Cancellation)).Text);
        Assert.Equal("two", (await client.GetResponseAsync(Question, cancellationToken: Cancellation)).Text);
        string address = first.Url.ToString();
        await first.DisposeAsync();
        Assert.Equal("two", (await client.GetResponseAsync(Question, cancellationToken: Cancellation)).Text);
        Assert.Contains(address, Assert.Single(log));

        second.Answer = FakeServer.Refuse(503, "Loading.");
        EndpointException exception = await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync(Question, cancellationToken: Cancellation));
        Assert.Contains(address, exception.Message);
        Assert.Contains($"{second.Url} answered 503: ", exception.Message);
    }

    [Fact]
    public async Task A_hosts_file_and_addresses_go_together()
    {
        await using FakeServer first = await FakeServer.StartAsync(FakeServer.Say("one"));
        await using FakeServer second = await FakeServer.StartAsync(FakeServer.Say("two"));
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, $"{second.Url}\n{first.Url}", Cancellation);
            using IChatClient client = EngineFactory.CreateChatClient(new EndpointOptions { Endpoints = [new Uri(first.Url, "/")], HostsFile = path }, _ => { });
            string[] answers = new string[4];
            for (int i = 0; i < 4; i++)
                answers[i] = (await client.GetResponseAsync(Question, cancellationToken: Cancellation)).Text;
            Assert.Equal(["one", "two", "one", "two"], answers);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Wrong_addresses_are_errors_at_the_start()
    {
        Assert.Throws<ArgumentException>(() => EngineFactory.CreateChatClient(new EndpointOptions(), _ => { }));
        Assert.Throws<ArgumentException>(() => EngineFactory.CreateChatClient(new EndpointOptions { Endpoints = [new Uri("ftp://a")] }, _ => { }));
        Assert.Throws<HostsFileException>(() => EngineFactory.CreateChatClient(new EndpointOptions { HostsFile = "/nowhere/hosts" }, _ => { }));
    }

    [Fact]
    public async Task Our_own_server_streams_and_says_what_it_reused()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddLlamaEngine(options => options.ModelPath = Path.Combine(AppContext.BaseDirectory, "models", "lexicon-5m-q8_0.gguf"));
        await using WebApplication app = builder.Build();
        app.MapLlamaEngine();
        await app.StartAsync(Cancellation);

        using IChatClient client = EngineFactory.CreateChatClient(new EndpointOptions { Endpoints = [new Uri(app.Urls.First())] }, _ => { });
        ChatOptions options = new() { MaxOutputTokens = 12, Temperature = 0 };
        ChatResponse first = await client.GetResponseAsync(Question, options, Cancellation);
        List<ChatResponseUpdate> second = await client.GetStreamingResponseAsync(Question, options, Cancellation).ToListAsync(Cancellation);

        Assert.NotEmpty(first.Text);
        Assert.Equal(first.Text, string.Concat(second.Select(update => update.Text)));
        UsageDetails usage = second.SelectMany(update => update.Contents).OfType<UsageContent>().Single().Details;
        Assert.Equal(first.Usage!.InputTokenCount, usage.InputTokenCount);
        Assert.InRange(usage.CachedInputTokenCount ?? 0, 1, usage.InputTokenCount!.Value);

        EndpointException refusal = await Assert.ThrowsAsync<EndpointException>(() => client.GetResponseAsync(Question, new ChatOptions { Temperature = -1 }, Cancellation));
        Assert.False(refusal.IsTemporary);
        Assert.Contains("temperature", refusal.Message);
    }
}
