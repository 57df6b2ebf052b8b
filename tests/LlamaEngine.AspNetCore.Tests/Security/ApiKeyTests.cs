using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using LlamaEngine.AspNetCore.Security;

namespace LlamaEngine.AspNetCore.Tests.Security;

/// <summary>Files of API keys, and finding whose key a request brings.</summary>
public sealed class ApiKeyTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void A_file_names_keys_by_their_hashes_and_limits()
    {
        ImmutableArray<ApiKey> keys = Read(
            "# who may ask", "", $"anna {Hash("secret")}", $"  bela   {Hash("other").ToUpperInvariant().Replace("SHA256", "sha256", StringComparison.Ordinal)} requests_per_minute=5 tokens_per_minute=6 concurrency=7 ");
        Assert.Equal(["anna", "bela"], keys.Select(key => key.Name));
        Assert.Equal((null, null, null), (keys[0].RequestsPerMinute, keys[0].TokensPerMinute, keys[0].Concurrency));
        Assert.Equal((5, 6, 7), (keys[1].RequestsPerMinute, keys[1].TokensPerMinute, keys[1].Concurrency));
    }

    [Theory]
    [InlineData("anna")]
    [InlineData("anna secret")]
    [InlineData("anna sha256:12")]
    [InlineData("anna sha256:zz4567890123456789012345678901234567890123456789012345678901234z")]
    [InlineData("anna HASH speed=1")]
    [InlineData("anna HASH concurrency=0")]
    [InlineData("anna HASH concurrency=-1")]
    [InlineData("anna HASH concurrency")]
    public void A_wrong_line_is_named_and_not_quoted(string line)
    {
        FormatException error = Assert.Throws<FormatException>(() => Read($"bela {Hash("b")}", line.Replace("HASH", Hash("a"), StringComparison.Ordinal)));
        Assert.StartsWith($"{_path}, line 2: expected NAME sha256:HEX", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("anna", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_keys_of_one_name_and_a_file_without_keys_are_refused()
    {
        Assert.Contains("'anna'", Assert.Throws<FormatException>(() => Read($"anna {Hash("a")}", $"anna {Hash("b")}")).Message, StringComparison.Ordinal);
        Assert.EndsWith("has no key.", Assert.Throws<FormatException>(() => Read("# nobody")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer secret", "anna")]
    [InlineData("bearer  secret ", "anna")]
    [InlineData("Bearer ключ", "bela")]
    [InlineData("Bearer Secret", null)]
    [InlineData("Bearer secre", null)]
    [InlineData("Bearer ", null)]
    [InlineData("Basic secret", null)]
    [InlineData("secret", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_key_is_found_by_its_hash(string? authorization, string? name)
    {
        var ring = new ApiKeyRing(Read($"anna {Hash("secret")}", $"bela {Hash("ключ")}"), TimeProvider.System);
        Assert.Equal(name, ring.Find(authorization)?.Key.Name);
    }

    public void Dispose() => File.Delete(_path);

    private ImmutableArray<ApiKey> Read(params string[] lines)
    {
        File.WriteAllLines(_path, lines);
        return ApiKeyFile.Read(_path);
    }

    private static string Hash(string key) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
