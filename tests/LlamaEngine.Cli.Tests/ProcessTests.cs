using System.Diagnostics;
using System.Text;

namespace LlamaEngine.Cli.Tests;

/// <summary>The program as others run it: exit codes, UTF-8 whatever the locale is, nothing but results on standard output.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Text_is_UTF_8_without_a_byte_order_mark_in_any_locale()
    {
        byte[] output = await RunForOutputAsync("\"Grüße 😀\"\n", 0, "tokenize", "--tokenizer", CliRun.Lexicon);
        byte[] text = await RunForOutputAsync(Encoding.UTF8.GetString(output), 0, "detokenize", "--tokenizer", CliRun.Lexicon);
        Assert.Equal("Grüße 😀"u8, Unquote(text));
    }

    [Fact]
    public async Task Usage_errors_end_with_2_and_failures_with_1()
    {
        Assert.Empty(await RunForOutputAsync("", 2, "tokenize"));
        Assert.Empty(await RunForOutputAsync("", 1, "tokenize", "--tokenizer", "/does/not/exist"));
    }

    // JSON may write the characters themselves or as escapes.
    private static byte[] Unquote(byte[] json) => Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Deserialize<string>(json)!);

    internal static async Task<byte[]> RunForOutputAsync(string input, int exitCode, params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "llama-engine.dll");
        ProcessStartInfo start = new("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        await process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(input), TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        using MemoryStream output = new();
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == exitCode, $"exit code {process.ExitCode} in place of {exitCode}: {await error}");
        return output.ToArray();
    }
}
