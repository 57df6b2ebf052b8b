using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LlamaEngine.Contexts;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Tests.Engine;
using LlamaEngine.Tests.Formats;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Contexts;

/// <summary>A recipe's id follows from its content, and from nothing else.</summary>
public sealed class RecipeIdTests : IDisposable
{
    private static readonly ContextRecipe s_recipe = new()
    {
        ModelPath = Lexicon.Model,
        Prefixes = ["What is a café?", Prompt.FromText("<s>", allowSpecial: true), new[] { 1, 2, 3 }, Prompt.FromUser("river \"x\"")],
    };

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Is_the_digest_of_what_the_documentation_lists()
    {
        using ModelFile file = ModelFile.Open(Lexicon.Model);
        string identity = file.ComputeIdentity(Token).ToString();
        Assert.Matches("^sha256:[0-9a-f]{64}$", identity);
        var bytes = new MemoryStream();
        Text("LlamaEngine recipe 1");
        Text(identity);
        Text("Q8_0");
        Text("F16");
        Number(4);
        Text("text");
        Text("What is a café?");
        Text("special text");
        Text("<s>");
        Text("tokens");
        Number(3);
        Number(1);
        Number(2);
        Number(3);
        Text("messages");
        Text(file.ChatTemplate!);
        Text("""[{"role":"user","content":"river \u0022x\u0022"}]""");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())), await s_recipe.ComputeIdAsync(Token));

        void Text(string text)
        {
            Number(Encoding.UTF8.GetByteCount(text));
            bytes.Write(Encoding.UTF8.GetBytes(text));
        }

        void Number(long number)
        {
            byte[] eight = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(eight, number);
            bytes.Write(eight);
        }
    }

    /// <summary>Other processes and machines wrote ids down: whoever changes this changes the version in the digest too.</summary>
    [Fact]
    public async Task Is_the_same_everywhere() =>
        Assert.StartsWith("bb72042aaa5ffff74f6da07f354c68113ddfd2451bda4be941", await s_recipe.ComputeIdAsync(Token), StringComparison.Ordinal);

    [Fact]
    public async Task A_moved_or_renamed_model_has_the_same_id()
    {
        string copy = Path.Combine(_folder.Path, "another name.gguf");
        File.Copy(Lexicon.Model, copy);
        string link = Path.Combine(_folder.Path, "link.gguf");
        File.CreateSymbolicLink(link, copy);
        string id = await s_recipe.ComputeIdAsync(Token);
        Assert.Equal(id, await (s_recipe with { ModelPath = copy }).ComputeIdAsync(Token));
        Assert.Equal(id, await (s_recipe with { ModelPath = link }).ComputeIdAsync(Token));
    }

    [Fact]
    public async Task What_auto_comes_to_can_be_said()
    {
        string id = await s_recipe.ComputeIdAsync(Token);
        Assert.Equal(id, await (s_recipe with { WeightType = TensorType.Q8_0, KvCacheType = KvCacheType.F16 }).ComputeIdAsync(Token));
    }

    [Fact]
    public async Task A_culture_changes_nothing()
    {
        string id = await s_recipe.ComputeIdAsync(Token);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            odd.NumberFormat.NegativeSign = "minus";
            odd.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = odd;
            Assert.Equal(id, await s_recipe.ComputeIdAsync(Token));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task Each_ingredient_changes_it()
    {
        ContextRecipe plain = new() { ModelPath = Lexicon.Model };
        string changed = Path.Combine(_folder.Path, "changed.gguf");
        byte[] bytes = await File.ReadAllBytesAsync(Lexicon.Model, Token);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(changed, bytes, Token);
        ContextRecipe[] recipes =
        [
            plain,
            plain with { ModelPath = changed },
            plain with { ModelPath = SharedData.Own("models", "gqa-tied", "model.gguf") },
            plain with { ModelPath = SharedData.Own("models", "rope-yarn", "model.gguf") },
            plain with { KvCacheType = KvCacheType.F32 },
            plain with { Prefixes = [""] },
            plain with { Prefixes = ["a"] },
            plain with { Prefixes = ["a", ""] },
            plain with { Prefixes = ["a", "b"] },
            plain with { Prefixes = ["b", "a"] },
            plain with { Prefixes = ["ab"] },
            plain with { Prefixes = [Prompt.FromText("a", allowSpecial: true)] },
            plain with { Prefixes = [Array.Empty<int>()] },
            plain with { Prefixes = [new[] { 97 }] },
            plain with { Prefixes = [new[] { 97, 98 }] },
            plain with { Prefixes = [new[] { 97 }, new[] { 98 }] },
            plain with { Prefixes = [Prompt.FromUser("a")] },
            plain with { Prefixes = [Prompt.FromMessages([new ChatMessage(ChatRole.System, "a")])] },
            plain with { Prefixes = [Prompt.FromMessages([new ChatMessage(ChatRole.User, "a"), new ChatMessage(ChatRole.User, "b")])] },
        ];
        List<string> ids = [];
        foreach (ContextRecipe recipe in recipes)
            ids.Add(await recipe.ComputeIdAsync(Token));
        Assert.Equal(recipes.Length, ids.Distinct().Count());
    }

    [Fact]
    public async Task Unset_prefixes_are_none() =>
        Assert.Equal(
            await new ContextRecipe { ModelPath = Lexicon.Model }.ComputeIdAsync(Token),
            await new ContextRecipe { ModelPath = Lexicon.Model, Prefixes = default }.ComputeIdAsync(Token));

    [Fact]
    public async Task A_file_that_was_replaced_is_read_again()
    {
        string path = Path.Combine(_folder.Path, "model.gguf");
        File.Copy(SharedData.Own("models", "gqa-tied", "model.gguf"), path);
        var recipe = new ContextRecipe { ModelPath = path };
        string before = await recipe.ComputeIdAsync(Token);
        File.Copy(SharedData.Own("models", "rope-yarn", "model.gguf"), path, overwrite: true);
        string after = await recipe.ComputeIdAsync(Token);
        Assert.NotEqual(before, after);
        Assert.Equal(await new ContextRecipe { ModelPath = SharedData.Own("models", "rope-yarn", "model.gguf") }.ComputeIdAsync(Token), after);
    }

    [Fact]
    public async Task Another_weight_format_is_refused_by_name_with_both()
    {
        var refused = await Assert.ThrowsAsync<RecipeMismatchException>(
            () => (s_recipe with { WeightType = TensorType.Q4_K }).ComputeIdAsync(Token));
        Assert.Equal("Q4_K", refused.Asked);
        Assert.Contains("Q8_0", refused.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_or_not_meant_is_refused()
    {
        await Assert.ThrowsAsync<FileNotFoundException>(() => (s_recipe with { ModelPath = "nowhere.gguf" }).ComputeIdAsync(Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => (s_recipe with { KvCacheType = (KvCacheType)99 }).ComputeIdAsync(Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => s_recipe.ComputeIdAsync(new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_model_is_read_once_while_its_files_stay_as_they_are()
    {
        var cache = new ModelFactsCache();
        string path = Path.Combine(_folder.Path, "model.gguf");
        File.Copy(SharedData.Own("models", "gqa-tied", "model.gguf"), path);
        // One object for all: whoever reads makes a new one.
        ModelFacts[] facts = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => cache.GetAsync(path, Token)));
        Assert.All(facts, one => Assert.Same(facts[0], one));
        Assert.Same(facts[0], await cache.GetAsync(path, Token));
        Assert.Same(facts[0], cache.TryGet(FileStamp.Of(path)!));
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        ModelFacts again = await cache.GetAsync(path, Token);
        Assert.NotSame(facts[0], again);
        Assert.Equal(facts[0], again);
    }

    [Fact]
    public void A_stamp_covers_all_parts_and_files()
    {
        string first = _folder.Write("m-00001-of-00002.gguf", "a"), second = _folder.Write("m-00002-of-00002.gguf", "b");
        _folder.Write("other.txt", "c");
        string? split = FileStamp.Of(first), folder = FileStamp.Of(_folder.Path);
        Assert.Null(FileStamp.Of(Path.Combine(_folder.Path, "nothing")));
        Assert.DoesNotContain("other", split, StringComparison.Ordinal);
        File.AppendAllText(second, "more");
        Assert.NotEqual(split, FileStamp.Of(first));
        Assert.NotEqual(folder, FileStamp.Of(_folder.Path));
        string? written = FileStamp.Of(first);
        File.SetLastWriteTimeUtc(second, DateTime.UnixEpoch);
        Assert.NotEqual(written, FileStamp.Of(first));
    }

    public void Dispose() => _folder.Dispose();
}
