using System.Diagnostics;
using LlamaEngine.Cli.Tests.Clients;

namespace LlamaEngine.Cli.Tests.Soak;

/// <summary>
/// Mixed traffic against <c>serve</c> as a process: some rounds of it, or as many minutes as LLAMAENGINE_SOAK_MINUTES says (the acceptance runs ten). A
/// soak of minutes also looks at the memory of the server, which must not grow with the requests.
/// </summary>
public sealed class SoakTests : IDisposable
{
    private const int Workers = 8, Rounds = 2;

    // In ten minutes, and some 30,000 requests, a server that kept 240 bytes a request grew by 7.6 MiB managed and 17 resident; one that keeps
    // nothing by 0 and 5. What the garbage collector leaves uncollected between two samples is in the line's mean.
    private const double MostManagedGrowth = 4 << 20, MostResidentGrowth = 12 << 20;

    private static readonly double s_minutes =
        double.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_SOAK_MINUTES"), null, out double minutes) ? minutes : 0;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mixed_traffic_has_its_replies_and_leaves_nothing_behind()
    {
        string tools = _folder.FileOf("tools.gguf");
        ToolModelFile.Write(tools);
        await using ServerProcess server = await ServerProcess.StartAsync(
            "--model", $"{SoakTraffic.Model}={CliRun.Lexicon}", "--model", $"{SoakTraffic.ToolModel}={tools}", "--model", $"{SoakTraffic.Passing}={CliRun.Lexicon}",
            "--context", "256", "--data", _folder.FileOf("data"));
        using HttpClient observer = new() { BaseAddress = server.Client.BaseAddress };
        SoakTraffic traffic = new(server);
        if (s_minutes > 0)
            await FillCachesAsync(server);
        long started = Stopwatch.GetTimestamp();
        bool IsOver() => Stopwatch.GetElapsedTime(started).TotalMinutes >= s_minutes;
        Task<int>[] workers = [.. Enumerable.Range(0, Workers).Select(worker => WorkAsync(traffic, worker, IsOver))];
        MemoryLine resident = new(), managed = new();
        while (!IsOver() && !workers.Any(worker => worker.IsCompleted))
        {
            ServerMetrics metrics = await ServerMetrics.ReadAsync(observer);
            double minute = Stopwatch.GetElapsedTime(started).TotalMinutes;
            resident.Add(minute, metrics["dotnet_process_memory_working_set_bytes"]);
            managed.Add(minute, metrics["dotnet_gc_last_collection_heap_size_bytes"]);
            await Task.Delay(500, Token);
        }
        int requests = (await Task.WhenAll(workers)).Sum();
        server.Client.Dispose();
        while (!(await ServerMetrics.ReadAsync(observer)).IsAtRest)
            await Task.Delay(5, Token);
        TestContext.Current.TestOutputHelper!.WriteLine($"{requests} requests in {Stopwatch.GetElapsedTime(started)}\nresident {resident}\nmanaged {managed}");
        if (s_minutes > 0)
        {
            Assert.True(resident.Growth < MostResidentGrowth, $"The process grows: {resident}");
            Assert.True(managed.Growth < MostManagedGrowth, $"The managed heap grows: {managed}");
        }
        server.Signal("TERM");
        (int exitCode, string log) = await server.WaitForExitAsync();
        Assert.True(exitCode == ExitCodes.Success, log);
        Assert.DoesNotContain("fail:", log, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static async Task<int> WorkAsync(SoakTraffic traffic, int worker, Func<bool> isOver)
    {
        Random random = new(worker);
        int requests = 0;
        for (int round = 0; round < Rounds || !isOver(); round++)
        {
            if (worker == 0 && round % 8 == 0)
                await traffic.BatchAsync();
            for (int kind = 0; kind < traffic.Count; kind++, requests++)
                await traffic.AskAsync((kind + worker) % traffic.Count, random);
        }
        return requests;
    }

    /// <summary>Has the engines write to every block of their caches once: their memory is the process's only from then on.</summary>
    private static async Task FillCachesAsync(ServerProcess server)
    {
        const int Prompts = 300, Length = 250;
        Random random = new(1);
        foreach (string model in (string[])[SoakTraffic.Model, SoakTraffic.ToolModel])
        {
            string inputs = string.Join(',', Enumerable.Range(0, Prompts).Select(_ => $"[{string.Join(',', Enumerable.Range(0, Length).Select(_ => random.Next(300, 4000)))}]"));
            using HttpResponseMessage reply = await server.PostAsync("/v1/embeddings", $$"""{"model": "{{model}}", "input": [{{inputs}}]}""");
            Assert.True(reply.IsSuccessStatusCode, await reply.Content.ReadAsStringAsync(Token));
        }
    }
}
