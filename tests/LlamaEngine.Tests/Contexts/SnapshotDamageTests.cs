using System.Buffers.Binary;
using System.Security.Cryptography;
using LlamaEngine.Contexts;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Contexts;

/// <summary>Damaged, truncated, hostile and foreign snapshots are refused with typed exceptions, before anything is believed.</summary>
public sealed class SnapshotDamageTests : IDisposable
{
    private readonly SnapshotFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_flipped_byte_and_every_truncation_is_found()
    {
        // One block of the smallest model is a few kilobytes, so that every byte can have its turn.
        string file = await SaveTinyAsync(17);
        await ReadAllAsync(file);
        long length = new FileInfo(file).Length;
        Assert.InRange(length, 200, 50_000);
        var random = new Random(5);
        for (int offset = 0; offset < length; offset++)
        {
            byte flip = (byte)random.Next(1, 256);
            Flip(file, offset, flip);
            await AssertRefusedAsync(file, $"byte {offset}");
            Flip(file, offset, flip);
        }
        await ReadAllAsync(file);
        for (long shorter = length; --shorter >= 0;)
        {
            using (FileStream stream = new(file, FileMode.Open))
                stream.SetLength(shorter);
            await AssertRefusedAsync(file, $"length {shorter}");
        }
    }

    [Fact]
    public async Task More_bytes_than_the_header_asks_for_are_refused()
    {
        string file = await SaveTinyAsync(17);
        await using (FileStream stream = new(file, FileMode.Append))
            stream.WriteByte(0);
        await AssertRefusedAsync(file, "one byte too many");
    }

    [Fact]
    public async Task An_engine_takes_nothing_from_a_damaged_snapshot_but_what_is_sound()
    {
        string file = _folder.FileOf("context");
        int[] tokens = SnapshotTests.Tokens(176);
        Completion expected;
        await using (InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32))
        {
            using RetainedContext context = await engine.RetainAsync(tokens, Token);
            await context.SaveAsync(file, Token);
            expected = await engine.CompleteAsync(tokens, s_greedy, Token);
        }
        byte[] bytes = await File.ReadAllBytesAsync(file, Token);
        bytes[^100] ^= 1; // in the last slice: those before it are restored by then
        await File.WriteAllBytesAsync(file, bytes, Token);
        await using InferenceEngine other = SnapshotTests.Create(KvCacheType.F32);
        var damage = await Assert.ThrowsAsync<SnapshotFormatException>(() => other.RestoreAsync(file, Token));
        Assert.Equal(file, damage.File);
        Assert.InRange(damage.Offset!.Value, 1, bytes.Length - 100);
        await SnapshotTests.AssertNothingHeld(other);
        SnapshotTests.AssertSame(expected, await other.CompleteAsync(tokens, s_greedy, Token));
    }

    [Theory]
    [InlineData(8, 2, "version 2")]
    [InlineData(48, 0, "layers")]
    [InlineData(60, 5000, "values of a head")]
    [InlineData(68, 7, "KV type 7")]
    [InlineData(72, 2, "flags")]
    [InlineData(76, -1, "tokens")]
    [InlineData(76, int.MaxValue, "tokens")]
    [InlineData(80, 1 << 20, "name")]
    [InlineData(84, int.MaxValue, "messages")]
    [InlineData(88, 0, "slices")]
    [InlineData(88, int.MaxValue, "slices")]
    [InlineData(92, 12, "a block has")]
    [InlineData(96, -5, "token -5")]
    public async Task A_hostile_header_is_refused_though_its_digest_is_right(int offset, int value, string fault)
    {
        string file = await SaveTinyAsync(40);
        byte[] bytes = await File.ReadAllBytesAsync(file, Token);
        int headerBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), value);
        SHA256.HashData(bytes.AsSpan(0, headerBytes - 32), bytes.AsSpan(headerBytes - 32, 32));
        await File.WriteAllBytesAsync(file, bytes, Token);
        var exception = await Assert.ThrowsAsync<SnapshotFormatException>(() => ContextSnapshot.ReadInfoAsync(file, Token));
        Assert.Contains(fault, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slices_that_changed_places_are_found()
    {
        string file = _folder.FileOf("context");
        await using InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32);
        using (RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(176), Token))
            await context.SaveAsync(file, Token);
        SnapshotSlices slices;
        using (SnapshotFileReader reader = await SnapshotFileReader.OpenAsync(file, Token))
            slices = reader.Slices;
        Assert.True(slices.Count > 2, $"{slices}");
        byte[] bytes = await File.ReadAllBytesAsync(file, Token);
        int first = (int)slices.OffsetOf(0), second = (int)slices.OffsetOf(1), size = second - first;
        byte[] swapped = [.. bytes[..first], .. bytes[second..(second + size)], .. bytes[first..second], .. bytes[(second + size)..]];
        await File.WriteAllBytesAsync(file, swapped, Token);
        await Assert.ThrowsAsync<SnapshotFormatException>(() => ReadAllAsync(file));
    }

    [Fact]
    public async Task What_is_no_snapshot_is_refused()
    {
        await using InferenceEngine engine = Tiny();
        await Assert.ThrowsAsync<FileNotFoundException>(() => engine.RestoreAsync(_folder.FileOf("none"), Token));
        await Assert.ThrowsAsync<SnapshotFormatException>(() => engine.RestoreAsync(Path.GetTempPath(), Token));
        var exception = await Assert.ThrowsAsync<SnapshotFormatException>(() => engine.RestoreAsync(Lexicon.Model, Token));
        Assert.Equal(0, exception.Offset);
    }

    [Theory]
    [InlineData(KvCacheType.F16, true, "KV type", "F32", "F16")]
    [InlineData(KvCacheType.F32, false, "option QuantizedActivations", "True", "False")]
    public async Task A_snapshot_of_other_options_is_refused_by_name(KvCacheType type, bool quantized, string what, string found, string expected)
    {
        string file = _folder.FileOf("context");
        await using (InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32))
        {
            using RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(40), Token);
            await context.SaveAsync(file, Token);
        }
        await using InferenceEngine other = InferenceEngine.Create(
            new EngineOptions { ModelPath = Lexicon.Model, KvCacheType = type, QuantizedActivations = quantized, KvCacheTokens = 512 });
        var mismatch = await Assert.ThrowsAsync<SnapshotMismatchException>(() => other.RestoreAsync(file, Token));
        Assert.Equal((what, found, expected, file), (mismatch.What, mismatch.Found, mismatch.Expected, mismatch.File));
        await SnapshotTests.AssertNothingHeld(other);
    }

    [Fact]
    public async Task A_snapshot_of_another_model_is_refused_though_one_weight_bit_is_all_that_differs()
    {
        string file = _folder.FileOf("context"), copy = _folder.FileOf("copy.gguf"), altered = _folder.FileOf("altered.gguf");
        byte[] model = await File.ReadAllBytesAsync(Lexicon.Model, Token);
        await File.WriteAllBytesAsync(copy, model, Token);
        model[^1000] ^= 1;
        await File.WriteAllBytesAsync(altered, model, Token);
        await using (InferenceEngine engine = SnapshotTests.Create(KvCacheType.F16))
        {
            using RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(40), Token);
            await context.SaveAsync(file, Token);
        }
        await using InferenceEngine same = Open(copy), other = Open(altered), tiny = Tiny();
        using RetainedContext restored = await same.RestoreAsync(file, Token);
        Assert.Equal(32, await restored.CountHeldTokensAsync());
        var mismatch = await Assert.ThrowsAsync<SnapshotMismatchException>(() => other.RestoreAsync(file, Token));
        Assert.Equal("model", mismatch.What);
        Assert.NotEqual(mismatch.Found, mismatch.Expected);
        Assert.Equal("model", (await Assert.ThrowsAsync<SnapshotMismatchException>(() => tiny.RestoreAsync(file, Token))).What);
    }

    public void Dispose() => _folder.Dispose();

    private static readonly GenerationOptions s_greedy = new() { Temperature = 0, MaxTokens = 6, TopLogProbabilities = 2, IgnoreEndTokens = true };

    private static InferenceEngine Tiny() => Open(SharedData.Own("models", "gqa-tied", "model.gguf"));

    private static InferenceEngine Open(string model) =>
        InferenceEngine.Create(new EngineOptions { ModelPath = model, KvCacheTokens = 256, Threads = 1 });

    private async Task<string> SaveTinyAsync(int tokens)
    {
        string file = _folder.FileOf("context");
        await using InferenceEngine engine = Tiny();
        using RetainedContext context = await engine.RetainAsync(Enumerable.Range(1, tokens).ToArray(), Token);
        await context.SaveAsync(file, Token);
        return file;
    }

    private static void Flip(string file, int offset, byte bits)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ bits));
    }

    private static async Task AssertRefusedAsync(string file, string what)
    {
        try
        {
            await ReadAllAsync(file);
        }
        catch (SnapshotFormatException)
        {
            return;
        }
        Assert.Fail($"{what} was believed");
    }

    private static async Task ReadAllAsync(string file)
    {
        using SnapshotFileReader reader = await SnapshotFileReader.OpenAsync(file, Token);
        byte[] buffer = new byte[reader.Slices.BufferBytes];
        for (int slice = 0; slice < reader.Slices.Count; slice++)
            await reader.ReadSliceAsync(slice, buffer, Token);
    }
}
