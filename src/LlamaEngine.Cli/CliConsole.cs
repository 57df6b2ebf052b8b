using System.Text;

namespace LlamaEngine.Cli;

/// <summary>What a command reads and writes: results go to <see cref="Output"/> alone, everything else to <see cref="Error"/>.</summary>
/// <param name="Input">Standard input as bytes.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ShowsProgress">Someone watches <see cref="Error"/>: progress may be drawn there.</param>
/// <param name="IsInteractive">Someone types into <see cref="Input"/>: a prompt may be shown.</param>
internal sealed record CliConsole(Stream Input, TextWriter Output, TextWriter Error, bool ShowsProgress = false, bool IsInteractive = false)
{
    // Whatever the locale says; without a byte order mark.
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The streams of this process, in UTF-8.</summary>
    public static CliConsole OpenProcess()
    {
        if (OperatingSystem.IsWindows() && !(Console.IsOutputRedirected && Console.IsInputRedirected))
        {
            // A Windows console has a code page of its own, which it decodes our bytes with.
            Console.OutputEncoding = s_utf8;
            Console.InputEncoding = s_utf8;
        }
        return new CliConsole(
            Console.OpenStandardInput(),
            Writer(Console.OpenStandardOutput(), autoFlush: false),
            Writer(Console.OpenStandardError(), autoFlush: true),
            ShowsProgress: !Console.IsErrorRedirected,
            IsInteractive: !Console.IsInputRedirected);
    }

    /// <summary>Reads <see cref="Input"/> as UTF-8 lines.</summary>
    public StreamReader OpenInputText() => new(Input, s_utf8, leaveOpen: true);

    /// <summary>Writes out what is buffered; a reader that went away is no error.</summary>
    public async Task FlushAsync()
    {
        try
        {
            await Output.FlushAsync();
        }
        catch (IOException)
        {
            // For example `llama-engine … | head`: there is no one left to tell.
        }
    }

    private static StreamWriter Writer(Stream stream, bool autoFlush) => new(stream, s_utf8) { AutoFlush = autoFlush, NewLine = "\n" };
}
