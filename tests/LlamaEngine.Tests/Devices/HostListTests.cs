using System.Collections.Immutable;
using System.Globalization;
using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class HostListTests
{
    // What `scontrol show hostnames` of SLURM 22.05 printed.
    [Theory]
    [InlineData("a", "a")]
    [InlineData("a,b", "a b")]
    [InlineData("a,a", "a a")]
    [InlineData("a1,a2,a3", "a1 a2 a3")]
    [InlineData("node[1-3]", "node1 node2 node3")]
    [InlineData("node-1-[2-3]", "node-1-2 node-1-3")]
    [InlineData("a[1]", "a1")]
    [InlineData("a[01]", "a01")]
    [InlineData("a[0-0]", "a0")]
    [InlineData("a[00-1]", "a00 a01")]
    [InlineData("a[001-003]", "a001 a002 a003")]
    [InlineData("a[8-11]", "a8 a9 a10 a11")]
    [InlineData("a[08-11]", "a08 a09 a10 a11")]
    [InlineData("a[9-011]", "a9 a10 a11")]
    [InlineData("a[1-03]", "a1 a2 a3")]
    [InlineData("a[5-5,5]", "a5 a5")]
    [InlineData("n[098-102]", "n098 n099 n100 n101 n102")]
    [InlineData("n[1-3,5,07-09]", "n1 n2 n3 n5 n07 n08 n09")]
    [InlineData("n[0,00,000]", "n0 n00 n000")]
    [InlineData("n[10-12],n[1-2]", "n10 n11 n12 n1 n2")]
    [InlineData("[1-2]", "1 2")]
    [InlineData("*", "*")]
    [InlineData("a{1..3}", "a{1..3}")]
    [InlineData("gpu[01-03,7],login", "gpu01 gpu02 gpu03 gpu7 login")]
    [InlineData("node[1-3],gpu[01-02],login", "node1 node2 node3 gpu01 gpu02 login")]
    [InlineData("gpu-a100-[001-004,010]", "gpu-a100-001 gpu-a100-002 gpu-a100-003 gpu-a100-004 gpu-a100-010")]
    [InlineData("a[1-2][3-4]", "a13 a14 a23 a24")]
    [InlineData("rack[1-2]n[08-11]", "rack1n08 rack1n09 rack1n10 rack1n11 rack2n08 rack2n09 rack2n10 rack2n11")]
    [InlineData("rack[1-2]-n[08-10]", "rack1-n08 rack1-n09 rack1-n10 rack2-n08 rack2-n09 rack2-n10")]
    [InlineData("dgx[00-01]x[0-1],cpu7", "dgx00x0 dgx00x1 dgx01x0 dgx01x1 cpu7")]
    [InlineData("r[1,3]c[01-02]n[7]", "r1c01n7 r3c01n7 r1c02n7 r3c02n7")]
    [InlineData("a[1-2]b[1-2]c[1-2]", "a1b1c1 a1b1c2 a2b1c1 a2b1c2 a1b2c1 a1b2c2 a2b2c1 a2b2c2")]
    [InlineData(
        "a[1-2]b[1-2]c[1-2]d[1-2]",
        "a1b1c1d1 a1b1c1d2 a2b1c1d1 a2b1c1d2 a1b2c1d1 a1b2c1d2 a2b2c1d1 a2b2c1d2 "
        + "a1b1c2d1 a1b1c2d2 a2b1c2d1 a2b1c2d2 a1b2c2d1 a1b2c2d2 a2b2c2d1 a2b2c2d2")]
    public void Lists_expand_as_scontrol_expands_them(string list, string expected) =>
        Assert.Equal(expected.Split(' '), HostList.Expand(list));

    // scontrol takes no text behind the last bracket.
    [Theory]
    [InlineData("a[1-2]b", "a1b a2b")]
    [InlineData("cn-[0009-0010].cluster", "cn-0009.cluster cn-0010.cluster")]
    [InlineData("[1-2]a", "1a 2a")]
    [InlineData("a[1-2]b[3-4]c", "a1b3c a1b4c a2b3c a2b4c")]
    [InlineData(
        "gpu[01-03,7],login,rack[1-2]n[08-11]-ib",
        "gpu01 gpu02 gpu03 gpu7 login rack1n08-ib rack1n09-ib rack1n10-ib rack1n11-ib rack2n08-ib rack2n09-ib rack2n10-ib rack2n11-ib")]
    [InlineData("Ünï[1-2]", "Ünï1 Ünï2")]
    [InlineData("a[999999999999999998-999999999999999999]", "a999999999999999998 a999999999999999999")]
    [InlineData("a[000000000000000001]", "a000000000000000001")]
    public void Suffixes_and_long_numbers_are_taken_as_well(string list, string expected) =>
        Assert.Equal(expected.Split(' '), HostList.Expand(list));

    [Theory]
    [InlineData("", HostListFault.EmptyName, 0)]
    [InlineData(",a", HostListFault.EmptyName, 0)]
    [InlineData("a,,b", HostListFault.EmptyName, 2)]
    [InlineData("a,", HostListFault.EmptyName, 2)]
    [InlineData("a[1],", HostListFault.EmptyName, 5)]
    [InlineData(" a", HostListFault.ForbiddenCharacter, 0)]
    [InlineData("a b", HostListFault.ForbiddenCharacter, 1)]
    [InlineData("a\u001b[31m", HostListFault.ForbiddenCharacter, 1)]
    [InlineData("a\u00a0", HostListFault.ForbiddenCharacter, 1)]
    [InlineData("a[1-2] ", HostListFault.ForbiddenCharacter, 6)]
    [InlineData("a[", HostListFault.UnclosedBracket, 2)]
    [InlineData("a[1", HostListFault.UnclosedBracket, 1)]
    [InlineData("a[1-2", HostListFault.UnclosedBracket, 1)]
    [InlineData("a[1,", HostListFault.UnclosedBracket, 4)]
    [InlineData("a[1-", HostListFault.UnclosedBracket, 4)]
    [InlineData("a]", HostListFault.UnexpectedBracket, 1)]
    [InlineData("]", HostListFault.UnexpectedBracket, 0)]
    [InlineData("a[1]]", HostListFault.UnexpectedBracket, 4)]
    [InlineData("a[1[2]]", HostListFault.UnexpectedBracket, 3)]
    [InlineData("a[]", HostListFault.MissingNumber, 2)]
    [InlineData("a[[1]]", HostListFault.MissingNumber, 2)]
    [InlineData("a[1-]", HostListFault.MissingNumber, 4)]
    [InlineData("a[-1]", HostListFault.MissingNumber, 2)]
    [InlineData("a[1,,2]", HostListFault.MissingNumber, 4)]
    [InlineData("a[1,]", HostListFault.MissingNumber, 4)]
    [InlineData("a[x-y]", HostListFault.MissingNumber, 2)]
    [InlineData("a[1-2-3]", HostListFault.MissingNumber, 5)]
    [InlineData("a[1 - 2]", HostListFault.MissingNumber, 3)]
    [InlineData("tux[0-3x1]", HostListFault.MissingNumber, 7)]
    [InlineData("a[١-٣]", HostListFault.MissingNumber, 2)]
    [InlineData("a[3-1]", HostListFault.ReversedRange, 2)]
    [InlineData("a[1,9-8]", HostListFault.ReversedRange, 4)]
    [InlineData("a[1000000000000000000]", HostListFault.NumberTooLong, 2)]
    [InlineData("a[1-99999999999999999999]", HostListFault.NumberTooLong, 4)]
    [InlineData("a[0-65536]", HostListFault.TooManyNames, 2)]
    [InlineData("a[0-999999999999999999]", HostListFault.TooManyNames, 2)]
    [InlineData("a[0-40000,50000-90000]", HostListFault.TooManyNames, 10)]
    [InlineData("a[1-257]b[1-256]", HostListFault.TooManyNames, 0)]
    [InlineData("a[1-60000],b[1-6000]", HostListFault.TooManyNames, 11)]
    internal void What_slurm_would_not_write_is_refused_with_fault_and_place(string list, HostListFault fault, int position)
    {
        var refused = Assert.Throws<HostListException>(() => HostList.Expand(list));
        Assert.Equal((fault, position), (refused.Fault, refused.Position));
        Assert.EndsWith($"at character {position + 1}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_many_names_as_slurm_allows_in_a_range_are_made()
    {
        ImmutableArray<string> names = HostList.Expand("a[1-65536]");
        Assert.Equal((65_536, "a1", "a65536"), (names.Length, names[0], names[^1]));
        Assert.Equal(65_536, HostList.Expand("a[1-256]b[1-256]").Length);
    }

    [Theory]
    [InlineData(255, 0)]
    [InlineData(254, 1)]
    [InlineData(250, 5)]
    public void A_name_has_at_most_255_characters(int letters, int digits)
    {
        string brackets = digits == 0 ? "" : $"[{new string('1', digits)}]";
        Assert.Equal(255, HostList.Expand(new string('a', letters) + brackets)[0].Length);
        var refused = Assert.Throws<HostListException>(() => HostList.Expand(new string('a', letters + 1) + brackets));
        Assert.Equal(HostListFault.NameTooLong, refused.Fault);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("[1-65536]", "")]
    [InlineData("[1]", "")]
    [InlineData("a[1-2],", "")]
    [InlineData("[", "")]
    public async Task A_megabyte_is_refused_soon(string part, string end)
    {
        string list = string.Concat(Enumerable.Repeat(part, (1 << 20) / part.Length)) + end;
        await Task.Run(() => Assert.Throws<HostListException>(() => HostList.Expand(list)), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    // Names are made first; the list that stands for them is written from their parts.
    [Fact]
    public void A_list_stands_for_the_names_it_was_written_from()
    {
        var random = new Random(5);
        for (int round = 0; round < 500; round++)
        {
            List<string> names = [], entries = [];
            for (int entry = random.Next(1, 4); entry > 0; entry--)
                entries.Add(Compress(random, names));
            Assert.Equal(names, HostList.Expand(string.Join(',', entries)));
        }
    }

    private static string Compress(Random random, List<string> names)
    {
        string[] words = ["gpu", "n", "rack", "x-", "a.b"];
        string prefix = words[random.Next(words.Length)], suffix = random.Next(2) == 0 ? "" : "-ib";
        int width = random.Next(1, 5);
        List<string> ranges = [];
        for (int range = random.Next(0, 4); range > 0; range--)
        {
            int first = random.Next(0, 120), last = first + random.Next(0, 15);
            string start = first.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');
            ranges.Add(first == last ? start : $"{start}-{last}");
            for (int number = first; number <= last; number++)
                names.Add(prefix + Padded(number, start.Length) + suffix);
        }
        if (ranges.Count > 0)
            return $"{prefix}[{string.Join(',', ranges)}]{suffix}";
        names.Add(prefix + suffix);
        return prefix + suffix;
    }

    private static string Padded(int number, int width)
    {
        string digits = $"{number}";
        while (digits.Length < width)
            digits = "0" + digits;
        return digits;
    }
}
