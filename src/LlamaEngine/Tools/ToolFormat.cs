using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using LlamaEngine.Templates;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tools;

/// <summary>How a family of models writes calls. Immutable and thread-safe.</summary>
internal abstract class ToolFormat
{
    private const string Alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>What is supported, for messages.</summary>
    public const string Known =
        "templates that write calls as Llama 3 does (\"name\", \"parameters\"), as Hermes and Qwen do (<tool_call>), or as Mistral does ([TOOL_CALLS][…])";

    /// <summary>What marks calls; where it is a special token, it has to be shown in the reply's text.</summary>
    public abstract ImmutableArray<string> Marks { get; }

    /// <summary>What stands before the JSON of a call.</summary>
    public abstract string Opening { get; }

    /// <summary>What the format calls the arguments of a call.</summary>
    protected virtual string ArgumentsName => "arguments";

    /// <summary>The format of a template; null: it knows no tools, or writes calls in a way that is not supported.</summary>
    /// <remarks>A template says what calls look like when it writes those of earlier messages, so its text tells the format.</remarks>
    public static ToolFormat? Of(ChatTemplate? template)
    {
        if (template is null || !Has("tools"))
            return null;
        if (Has("[TOOL_CALLS]"))
            return Has("[ARGS]") ? null : new MistralToolFormat();
        if (Has("<tool_call>"))
            return Has("<function=") ? null : new HermesToolFormat();
        return Has("\"parameters\"") && Has("\"name\"") ? new LlamaToolFormat() : null;

        bool Has(string part) => template.Source.Contains(part, StringComparison.Ordinal);
    }

    /// <summary>Marks that the tokenizer knows as special tokens.</summary>
    public ImmutableArray<int> SpecialTokens(Tokenizer tokenizer) =>
        [.. Marks.Select(mark => tokenizer.TryGetId(mark, out int id) && tokenizer.IsSpecial(id) ? id : -1).Where(id => id >= 0)];

    /// <summary>The JSON schema of a reply that is one call, without its opening.</summary>
    public virtual JsonObject ForcedSchema(ImmutableArray<ToolDefinition> tools) => ForcedCall.Schema(tools, ArgumentsName);

    /// <summary>A new id for a call.</summary>
    public virtual string NewId() => "call_" + RandomNumberGenerator.GetString(Alphanumeric, 24);

    /// <summary>Where the next call begins, or may begin once there is more text.</summary>
    /// <param name="text">What has come and was not dealt with; not empty.</param>
    /// <param name="isFresh">Nothing but white space stands between this and the beginning of the reply, or the last call.</param>
    /// <returns>An index; the length of the text, if a call does not begin in it.</returns>
    public abstract int Find(ReadOnlySpan<char> text, bool isFresh);

    /// <summary>Reads a call that begins with the text, as far as it has come.</summary>
    /// <param name="text">What begins where <see cref="Find"/> said.</param>
    /// <param name="isFinal">There is no more to come.</param>
    /// <param name="scanner">Goes through its JSON; as the last call for the same beginning left it, else reset.</param>
    public abstract CallSpan Read(ReadOnlySpan<char> text, bool isFinal, JsonScanner scanner);

    /// <summary>Random letters and digits.</summary>
    protected static string RandomLetters(int count) => RandomNumberGenerator.GetString(Alphanumeric, count);

    /// <summary>Where a mark begins in a text, or may begin at its end.</summary>
    protected static int FindMark(ReadOnlySpan<char> text, string mark)
    {
        int found = text.IndexOf(mark, StringComparison.Ordinal);
        if (found >= 0)
            return found;
        int start = Math.Max(0, text.Length - mark.Length + 1);
        while (start < text.Length && !mark.AsSpan().StartsWith(text[start..], StringComparison.Ordinal))
            start++;
        return start;
    }

    /// <summary>Behind the white space that begins at an index.</summary>
    protected static int SkipSpace(ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length && char.IsWhiteSpace(text[start]))
            start++;
        return start;
    }
}

/// <summary>What <see cref="ToolFormat.Read"/> found out.</summary>
/// <param name="Kind">What the text is.</param>
/// <param name="Length">Characters of it; 0 as long as it is open.</param>
/// <param name="Json">The part of a call that is its JSON.</param>
internal readonly record struct CallSpan(CallSpanKind Kind, int Length = 0, Range Json = default)
{
    /// <summary>More text has to come first.</summary>
    public static CallSpan Open => new(CallSpanKind.Open);

    /// <summary>So many characters are text after all; what follows them is looked at anew.</summary>
    public static CallSpan Text(int length) => new(CallSpanKind.Text, length);

    /// <summary>So many characters are a call, if its JSON is that of one; else text.</summary>
    public static CallSpan Call(int length, Range json) => new(CallSpanKind.Call, length, json);
}

/// <summary>What a text is that begins like a call.</summary>
internal enum CallSpanKind
{
    /// <summary>It cannot be told yet.</summary>
    Open,

    /// <summary>Text.</summary>
    Text,

    /// <summary>A call.</summary>
    Call,
}
