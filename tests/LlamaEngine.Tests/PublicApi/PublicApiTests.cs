using System.Reflection;

namespace LlamaEngine.Tests.PublicApi;

/// <summary>
/// The public API of each package stands in a text file beside this one, so that a change of it is seen in review.
/// </summary>
public sealed class PublicApiTests
{
    private const string AcceptVariable = "LLAMAENGINE_ACCEPT_API";

    public static TheoryData<string> Packages => ["LlamaEngine"];

    [Theory]
    [MemberData(nameof(Packages))]
    public void The_public_API_is_the_listed_one(string package)
    {
        string file = Path.Combine(SharedData.Repository, "tests", "LlamaEngine.Tests", "PublicApi", package + ".txt");
        string actual = ApiListing.Of(Assembly.Load(package));
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "1")
            File.WriteAllText(file, actual);

        string listed = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (listed != actual)
        {
            Assert.Fail($"The public API of {package} is not the one listed in {file}:\n{Difference(listed, actual)}\n"
                + $"If the change is meant: {AcceptVariable}=1 ./build.sh test -class '*PublicApiTests', and commit the file.");
        }
    }

    [Fact]
    public void The_listing_tells_signatures_nullability_defaults_and_accessors()
    {
        string listing = ApiListing.Of(typeof(InferenceEngine).Assembly);

        Assert.Contains("sealed class LlamaEngine.InferenceEngine : IAsyncDisposable, IDisposable\n", listing);
        Assert.Contains("    static InferenceEngine Create(string modelPath)\n", listing);
        Assert.Contains(
            "    IAsyncEnumerable<CompletionUpdate> GenerateAsync(Prompt prompt, GenerationOptions? options = default, "
            + "CancellationToken cancellationToken = default)\n", listing);
        Assert.Contains("    int? MaxTokens { get; init; }\n", listing);
        Assert.Contains("    IReadOnlyDictionary<int, float>? LogitBias { get; init; }\n", listing);
        Assert.Contains("    Q4_0 = 2\n", listing);
        Assert.DoesNotContain("ComputeLogitsAsync", listing);
    }

    // Members of different types may read alike, so each line is compared together with its type.
    private static string Difference(string before, string after)
    {
        string[] old = WithTypes(before);
        string[] now = WithTypes(after);
        return string.Join('\n', [.. old.Except(now).Select(line => "  - " + line), .. now.Except(old).Select(line => "  + " + line)]);
    }

    private static string[] WithTypes(string listing) =>
    [
        .. listing.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(type => type.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .SelectMany(lines => lines.Skip(1).Select(line => $"{lines[0]}: {line.Trim()}").Prepend(lines[0])),
    ];
}
