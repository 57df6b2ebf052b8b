using System.Text;
using System.Text.Json;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Tests.Sampling.Structured;

public class StringDecoderTests
{
    [Fact]
    public void Every_character_is_read_from_utf8_and_from_escapes()
    {
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            if (!Rune.IsValid(value))
                continue;
            string text = char.ConvertFromUtf32(value);
            if (value >= 0x20 && value is not ('"' or '\\'))
                Assert.Equal(value, Read(Encoding.UTF8.GetBytes(text)));
            if (value % 37 == 0 || value < 0x300)
                Assert.Equal(value, Read(Encoding.ASCII.GetBytes(string.Concat(text.Select(unit => $"\\u{(int)unit:x4}")))));
        }
    }

    [Fact]
    public void What_is_begun_says_truly_what_it_may_become()
    {
        foreach (int value in (int[])[0x41, 0xE9, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF])
        {
            string text = char.ConvertFromUtf32(value);
            foreach (byte[] bytes in (byte[][])[Encoding.UTF8.GetBytes(text), Encoding.ASCII.GetBytes(string.Concat(text.Select(unit => $"\\u{(int)unit:X4}")))])
            {
                int state = 0;
                foreach (byte next in bytes)
                {
                    var decoder = default(StringDecoder);
                    Assert.True(decoder.Read(state, next) is StringStep.Partial or StringStep.Char);
                    bool first = value >= decoder.First && value <= decoder.Last, second = value >= decoder.OtherFirst && value <= decoder.OtherLast;
                    Assert.True(first || second, $"U+{value:X} is missing from U+{decoder.First:X} … U+{decoder.Last:X}");
                    state = decoder.State;
                }
            }
        }
    }

    [Fact]
    public void Random_bytes_are_a_string_where_System_Text_Json_says_so()
    {
        var random = new Random(1);
        byte[][] pieces =
        [
            "\\u"u8.ToArray(), "D8"u8.ToArray(), "dc"u8.ToArray(), "00"u8.ToArray(), "\\"u8.ToArray(), "n"u8.ToArray(), "é"u8.ToArray(), [0xF0, 0x9F],
            [0x98, 0x80], [0xED, 0xA0], [0xC0], [0xE0, 0x80], [0x80], [0x1F], "\""u8.ToArray(), "/"u8.ToArray(), [0xF4, 0x90],
        ];
        int valid = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] body = [.. Enumerable.Range(0, random.Next(1, 5)).SelectMany(_ => pieces[random.Next(pieces.Length)])];
            bool expected = IsString(body);
            valid += expected ? 1 : 0;
            Assert.True(expected == (Read(body) >= -1), $"{Convert.ToHexString(body)} should be {expected}");
        }
        Assert.True(valid > 500, $"{valid} were valid");
    }

    // The last character; −1: there is none, −2: it is no string, or has not ended.
    private static int Read(byte[] bytes)
    {
        int state = 0, last = -1;
        foreach (byte next in bytes)
        {
            var decoder = default(StringDecoder);
            switch (decoder.Read(state, next))
            {
                case StringStep.Char:
                    last = decoder.First;
                    break;
                case StringStep.Partial:
                    break;
                default:
                    return -2;
            }
            state = decoder.State;
        }
        return state == 0 ? last : -2;
    }

    private static bool IsString(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse((byte[])[(byte)'"', .. body, (byte)'"']);
            return document.RootElement.GetString() is not null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
