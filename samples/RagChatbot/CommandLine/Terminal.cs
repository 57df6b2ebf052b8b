using System.Text;

namespace RagChatbot.CommandLine;

/// <summary>Where the program writes: results go to <see cref="Output"/> alone, everything else to <see cref="Error"/>.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="ShowsProgress">Someone watches <see cref="Error"/>: progress may be drawn there.</param>
internal sealed record Terminal(TextWriter Output, TextWriter Error, bool ShowsProgress = false)
{
    // Whatever the locale says; without a byte order mark.
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The streams of this process, in UTF-8.</summary>
    public static Terminal OpenProcess()
    {
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
            Console.OutputEncoding = s_utf8; // a Windows console has a code page of its own
        return new Terminal(Writer(Console.OpenStandardOutput()), Writer(Console.OpenStandardError()), ShowsProgress: !Console.IsErrorRedirected);
    }

    private static StreamWriter Writer(Stream stream) => new(stream, s_utf8) { AutoFlush = true, NewLine = "\n" };
}
