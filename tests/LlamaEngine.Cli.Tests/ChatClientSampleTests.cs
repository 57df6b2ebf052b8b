using System.Diagnostics;

namespace LlamaEngine.Cli.Tests;

/// <summary>The sample that knows the interfaces of Microsoft.Extensions.AI only.</summary>
public sealed class ChatClientSampleTests
{
    [Fact]
    public async Task It_chats_streams_converses_embeds_and_cancels()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ChatClient.dll");
        ProcessStartInfo start = new("dotnet", ["exec", program, "--model", CliRun.Lexicon]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Collection(
            output.TrimEnd().Split('\n', StringSplitOptions.TrimEntries),
            line => Assert.StartsWith("camera (noun): equipment for taking photographs. (stop, ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("freedom (noun): ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("The ball is in the kitchen. (", line, StringComparison.Ordinal),
            line => Assert.Matches(@"^volcano .* \([1-9]\d* of \d+ tokens were kept\)$", line),
            line => Assert.Matches(@"^2 embeddings of \d+ numbers \(\d+ tokens\)$", line),
            line => Assert.Equal("Cancelled.", line));
    }
}
