using System.Text;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Tokenization;

public sealed class GoldenTokenizerTests
{
    /// <summary>Golden lines and the file of the tokenizer, both under shared.</summary>
    public static TheoryData<string, string> Files => new()
    {
        { "llama3", "golden/tokenizers/llama3/tokenizer.json" },
        { "llama3", "golden/tokenizers/llama3/tokenizer.model" },
        { "llama2", "golden/tokenizers/llama2/tokenizer.model" },
        { "llama2-json", "golden/tokenizers/llama2/tokenizer.json" },
        { "mistral-v1", "golden/tokenizers/mistral-v1/tokenizer.model" },
        { "mistral-v3", "golden/tokenizers/mistral-v3/tokenizer.model" },
        { "smollm2", "golden/tokenizers/smollm2/tokenizer.json" },
        { "smollm2", "models/smollm2-135m-instruct-q4_1.gguf" },
        { "lexicon", "golden/tokenizers/lexicon/tokenizer.json" },
        { "lexicon", "models/lexicon-5m-q8_0.gguf" },
        { "lexicon", "models/lexicon-5m" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_line_is_encoded_and_decoded_as_the_reference_does(string lines, string file)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Shared(file.Split('/')));
        var differences = new StringBuilder();
        int count = 0;
        foreach (GoldenLine line in GoldenLine.Read(SharedData.Shared("golden", "tokenizers", lines, "lines.jsonl")))
        {
            count++;
            Compare(tokenizer, line, differences);
        }
        Assert.True(count > 400);
        Assert.True(differences.Length == 0, differences.ToString());
    }

    private static void Compare(Tokenizer tokenizer, GoldenLine line, StringBuilder differences)
    {
        int[] ids = tokenizer.Encode(line.Text, line.Special);
        if (!ids.AsSpan().SequenceEqual(line.Ids))
            differences.AppendLine($"{line.Number}: '{line.Text}' gives {string.Join(' ', ids)}, not {string.Join(' ', line.Ids)}");
        if (line.Decoded is null)
            return;
        string decoded = tokenizer.Decode(line.Ids);
        if (decoded != line.Decoded)
            differences.AppendLine($"{line.Number}: decodes to '{decoded}', not '{line.Decoded}'");
        string streamed = Stream(tokenizer.CreateDecoder(skipSpecial: false), line.Ids);
        if (streamed != line.Decoded)
            differences.AppendLine($"{line.Number}: streams to '{streamed}', not '{line.Decoded}'");
    }

    private static string Stream(TokenDecoder decoder, int[] ids) =>
        string.Concat(ids.Select(decoder.Append)) + decoder.Flush();
}
