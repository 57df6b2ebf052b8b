using System.Reflection;
using LlamaEngine.Clients;
using LlamaEngine.DependencyInjection;

namespace LlamaEngine.Tests.DependencyInjection;

/// <summary>The options of the options pattern and those of the engine stay one.</summary>
public sealed class LlamaEngineOptionsTests
{
    /// <summary>The container's own take the place of these.</summary>
    private static readonly string[] s_fromContainer = [nameof(EngineOptions.LoggerFactory), nameof(EngineOptions.MeterFactory)];

    public static TheoryData<string> Members =>
        [.. typeof(EngineOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(member => member.Name).Except(s_fromContainer)];

    [Theory]
    [MemberData(nameof(Members))]
    public void Every_engine_option_can_be_set_and_has_the_same_default(string name)
    {
        PropertyInfo theirs = typeof(EngineOptions).GetProperty(name)!;
        PropertyInfo? ours = typeof(LlamaEngineOptions).GetProperty(name);
        Assert.True(ours is { CanWrite: true }, $"EngineOptions.{name} is new: add it to LlamaEngineOptions.");
        Assert.Equal(theirs.PropertyType, ours.PropertyType);
        var options = new LlamaEngineOptions();
        Assert.Equal(theirs.GetValue(new EngineOptions()), ours.GetValue(options));
        Assert.Equal(new EngineOptions(), options.ToEngineOptions());

        object other = Other(theirs);
        ours.SetValue(options, other);
        Assert.Equal(other, theirs.GetValue(options.ToEngineOptions()));
    }

    [Fact]
    public void Good_options_pass() => Assert.True(Validate(_ => { }, "").Succeeded);

    [Theory]
    [InlineData("", "LlamaEngineOptions.Threads")]
    [InlineData("small", "LlamaEngineOptions('small').Threads")]
    public void Bad_options_are_named_with_the_engine(string engine, string member)
    {
        var result = Validate(options => options.Threads = 0, engine);
        Assert.True(result.Failed);
        Assert.Contains(member, Assert.Single(result.Failures!), StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        var result = Validate(
            options =>
            {
                options.KvCacheMemoryFraction = double.NaN;
                options.Conversations = new ConversationOptions { MaxRetained = -1 };
                options.Embeddings = new EmbeddingOptions { Pooling = (EmbeddingPooling)9, Timeout = TimeSpan.Zero };
                options.LoadAtStart = false;
                options.WarmUpPrompt = "";
            },
            "");
        string[] members = ["KvCacheMemoryFraction", "Conversations.MaxRetained", "Embeddings.Timeout", "Embeddings.Pooling", "WarmUpPrompt", "WarmUpPrompt"];
        Assert.Equal(members.Length, result.Failures!.Count());
        Assert.All(members.Zip(result.Failures!), pair => Assert.StartsWith("LlamaEngineOptions." + pair.First, pair.Second, StringComparison.Ordinal));
    }

    private static Microsoft.Extensions.Options.ValidateOptionsResult Validate(Action<LlamaEngineOptions> change, string engine)
    {
        var options = new LlamaEngineOptions();
        change(options);
        return new LlamaEngineOptionsValidator().Validate(engine, options);
    }

    /// <summary>A value of the member's type that is not its default.</summary>
    private static object Other(PropertyInfo member)
    {
        Type type = Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType;
        return type switch
        {
            _ when type == typeof(string) => "other",
            _ when type == typeof(bool) => !(bool)member.GetValue(new EngineOptions())!,
            { IsEnum: true } => Enum.GetValues(type).GetValue(1)!,
            _ => Convert.ChangeType(3, type, System.Globalization.CultureInfo.InvariantCulture),
        };
    }
}
