using System.Text;
using LlamaEngine.AspNetCore.Bulk.Items;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a\n")]
    [InlineData("\n")]
    [InlineData("\n\na\n\n")]
    [InlineData("a\nbb\nccc")]
    [InlineData("a\r\nb\r\n")]
    public async Task Lines_are_those_of_a_split(string text)
    {
        List<Line> lines = await ReadAsync(Encoding.UTF8.GetBytes(text), 100, 1);
        string[] split = text.Split('\n');
        IEnumerable<string> expected = split[^1].Length == 0 ? split[..^1] : split;
        Assert.Equal(expected, lines.Select(line => Encoding.UTF8.GetString(line.Content.Span)));
        Assert.Equal(Enumerable.Range(1, lines.Count).Select(n => (long)n), lines.Select(line => line.Number));
        Assert.All(lines, line => Assert.Equal(line.IsTerminated, line != lines[^1] || text.EndsWith('\n')));
    }

    /// <summary>Lengths around the buffer's, read in pieces of odd sizes; offsets lead back to the lines.</summary>
    [Theory]
    [InlineData(1 << 16)]
    [InlineData(1000)]
    [InlineData(7)]
    public async Task Long_lines_come_whole_however_they_are_read(int piece)
    {
        int[] lengths = [0, 1, 65_534, 65_535, 65_536, 65_537, 3, 131_071, 131_073, 200_000, 0, 5];
        byte[] text = Encoding.ASCII.GetBytes(string.Join('\n', lengths.Select((length, i) => new string((char)('a' + i), length))));
        List<Line> lines = await ReadAsync(text, 200_000, piece);
        Assert.Equal(lengths, lines.Select(line => line.Content.Length));
        Assert.All(lines, line => Assert.Equal(line.Content.ToArray(), text.AsSpan((int)line.Offset, line.Content.Length).ToArray()));
        Assert.Equal(text.Length, lines[^1].End);
    }

    [Fact]
    public async Task A_line_beyond_the_limit_is_refused_by_its_number()
    {
        byte[] text = Encoding.ASCII.GetBytes("ok\n" + new string('x', 11) + "\nok");
        Assert.Equal(3, (await ReadAsync(text, 11, 100)).Count);
        LineTooLongException exception = await Assert.ThrowsAsync<LineTooLongException>(() => ReadAsync(text, 10, 100));
        Assert.Equal(2, exception.Number);
        byte[] endless = new byte[10_000_000];
        await Assert.ThrowsAsync<LineTooLongException>(() => ReadAsync(endless, 10, 100));
    }

    [Fact]
    public async Task A_byte_order_mark_is_left_out()
    {
        List<Line> lines = await ReadAsync([0xEF, 0xBB, 0xBF, (byte)'a', (byte)'\n', (byte)'b'], 10, 2);
        Assert.Equal(["a", "b"], lines.Select(line => Encoding.UTF8.GetString(line.Content.Span)));
        Assert.Equal([3L, 5L], lines.Select(line => line.Offset));
    }

    private static async Task<List<Line>> ReadAsync(byte[] text, int maxBytes, int piece)
    {
        List<Line> lines = [];
        await foreach (Line line in LineReader.ReadAsync(new PiecewiseStream(text, piece), maxBytes, TestContext.Current.CancellationToken))
            lines.Add(line);
        return lines;
    }

    /// <summary>Gives at most so many bytes a read.</summary>
    private sealed class PiecewiseStream(byte[] content, int piece) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
