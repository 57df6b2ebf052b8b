using System.Text;
using LlamaEngine.AspNetCore.Bulk.Storage;
using Microsoft.Win32.SafeHandles;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class ResultLogTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string File1 => _folder["a.log"];

    [Fact]
    public async Task What_was_appended_is_there_when_it_is_opened_again()
    {
        await WriteAsync(Record(3, true), Record(0, false), Record(1, true));
        await using ResultLog log = await OpenAsync();
        Assert.Equal((2, 1, 0L), (log.Succeeded, log.Failed, log.CutBytes));
        Assert.Equal([true, true, false, true, false], Enumerable.Range(0, 5).Select(log.Contains));
        foreach (ResultRecord expected in new[] { Record(3, true), Record(0, false), Record(1, true) })
            AssertEqual(expected, await log.ReadAsync(expected.Index, Cancellation));
    }

    /// <summary>The process stops after any byte of the last line: that result is gone, the others are there, and it can be written again.</summary>
    [Fact]
    public async Task A_torn_line_is_cut_off_wherever_it_is_torn()
    {
        await WriteAsync(Record(0, true), Record(1, false));
        long whole = new FileInfo(File1).Length;
        await WriteAsync(Record(2, true));
        byte[] all = await File.ReadAllBytesAsync(File1, Cancellation);
        for (int length = (int)whole; length < all.Length; length++)
        {
            await File.WriteAllBytesAsync(File1, all[..length], Cancellation);
            await using (ResultLog log = await OpenAsync())
            {
                Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(log.Contains));
                Assert.Equal(length - whole, log.CutBytes);
                await log.AppendAsync(Record(2, true));
            }
            Assert.Equal(all, await File.ReadAllBytesAsync(File1, Cancellation));
        }
    }

    /// <summary>Blocks that the disk never got can be anything; the checksum finds every changed byte.</summary>
    [Fact]
    public async Task A_damaged_line_is_cut_off_whichever_byte_is_wrong()
    {
        await WriteAsync(Record(0, true));
        int whole = (int)new FileInfo(File1).Length;
        await WriteAsync(Record(1, true));
        byte[] all = await File.ReadAllBytesAsync(File1, Cancellation);
        for (int i = whole; i < all.Length; i++)
        {
            byte[] damaged = [.. all];
            damaged[i] ^= 1;
            await File.WriteAllBytesAsync(File1, damaged, Cancellation);
            await using ResultLog log = await OpenAsync();
            Assert.Equal((true, false), (log.Contains(0), log.Contains(1)));
        }
    }

    [Fact]
    public async Task A_torn_first_line_begins_anew()
    {
        await WriteAsync();
        byte[] header = await File.ReadAllBytesAsync(File1, Cancellation);
        for (int length = 0; length < header.Length; length++)
        {
            await File.WriteAllBytesAsync(File1, header[..length], Cancellation);
            await WriteAsync();
            Assert.Equal(header, await File.ReadAllBytesAsync(File1, Cancellation));
        }
    }

    [Fact]
    public async Task Results_of_something_else_are_refused_and_stay()
    {
        await WriteAsync(Record(0, true));
        byte[] before = await File.ReadAllBytesAsync(File1, Cancellation);
        DataFolderException exception = await Assert.ThrowsAsync<DataFolderException>(() => ResultLog.OpenAsync(File1, "else", cancellation: Cancellation));
        Assert.Equal(File1, exception.Path);
        Assert.Equal(before, await File.ReadAllBytesAsync(File1, Cancellation));
    }

    [Fact]
    public async Task A_second_one_is_refused_until_the_first_is_closed()
    {
        await using (await OpenAsync())
            await Assert.ThrowsAsync<DataFolderException>(OpenAsync);
        await using ResultLog log = await OpenAsync();
    }

    /// <summary>While the first flush goes on, all others arrive: they share the second.</summary>
    [Fact]
    public async Task What_comes_during_a_flush_shares_the_next_one()
    {
        using SemaphoreSlim begun = new(0), go = new(0);
        int flushes = 0;
        await using ResultLog log = await OpenAsync(file =>
        {
            // The first is the header's.
            if (Interlocked.Increment(ref flushes) == 2)
            {
                begun.Release();
                go.Wait(Cancellation);
            }
            RandomAccess.FlushToDisk(file);
        });
        List<Task> appends = [log.AppendAsync(Record(0, true))];
        await begun.WaitAsync(Cancellation);
        for (int i = 1; i < 2000; i++)
            appends.Add(log.AppendAsync(Record(i, true)));
        Assert.DoesNotContain(appends, append => append.IsCompleted);
        go.Release();
        await Task.WhenAll(appends);
        Assert.Equal(3, flushes);
        Assert.Equal(2000, log.Succeeded);
        for (int i = 0; i < 2000; i += 333)
            AssertEqual(Record(i, true), await log.ReadAsync(i, Cancellation));
    }

    [Fact]
    public async Task After_a_failure_it_takes_no_more_and_opening_it_again_goes_on()
    {
        bool fails = false;
        await using (ResultLog log = await OpenAsync(_ =>
        {
            if (fails)
                throw new IOException("No space left on device");
        }))
        {
            await log.AppendAsync(Record(0, true));
            fails = true;
            IOException exception = await Assert.ThrowsAsync<IOException>(() => log.AppendAsync(Record(1, true)));
            Assert.Contains("No space left", exception.Message, StringComparison.Ordinal);
            fails = false;
            await Assert.ThrowsAsync<IOException>(() => log.AppendAsync(Record(2, true)));
            Assert.False(log.Contains(1));
        }
        await using ResultLog again = await OpenAsync();
        Assert.True(again.Contains(0));
        Assert.False(again.Contains(2));
    }

    [Fact]
    public async Task A_second_result_of_an_item_is_refused()
    {
        await using (ResultLog log = await OpenAsync())
        {
            await log.AppendAsync(Record(0, true));
            await Assert.ThrowsAsync<DataFolderException>(() => log.AppendAsync(Record(0, true)));
        }
        await using ResultLog again = await OpenAsync();
        Assert.Equal(1, again.Succeeded);
    }

    public void Dispose() => _folder.Dispose();

    private static ResultRecord Record(int index, bool succeeded) =>
        new(index, succeeded, Encoding.UTF8.GetBytes($"{{\"text\":\"Grüße {index} 😀\"}}"));

    private static void AssertEqual(ResultRecord expected, ResultRecord actual)
    {
        Assert.Equal((expected.Index, expected.Succeeded), (actual.Index, actual.Succeeded));
        Assert.Equal(expected.Result.ToArray(), actual.Result.ToArray());
    }

    private Task<ResultLog> OpenAsync() => OpenAsync(null);

    private Task<ResultLog> OpenAsync(Action<SafeFileHandle>? flush) => ResultLog.OpenAsync(File1, "test", flush, Cancellation);

    private async Task WriteAsync(params ResultRecord[] records)
    {
        await using ResultLog log = await OpenAsync();
        foreach (ResultRecord record in records)
            await log.AppendAsync(record);
    }
}
