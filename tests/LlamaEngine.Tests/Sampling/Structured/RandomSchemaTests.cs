using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Schemas;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>Grammars of random schemas against a plain validator: what the one accepts, the other does, and the other way round.</summary>
public class RandomSchemaTests
{
    private const int Schemas = 250, Values = 25, Walked = 120, Walks = 2;

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    [Fact]
    public void Values_are_accepted_exactly_where_the_validator_accepts_them()
    {
        int valid = 0, invalid = 0;
        foreach ((JsonNode schema, Grammar grammar, SchemaValidator validator, RandomSchemas random) in All())
        {
            for (int i = 0; i < Values; i++)
            {
                string text = random.Value(schema, schema)?.ToJsonString(s_plain) ?? "null";
                using JsonDocument value = JsonDocument.Parse(text);
                bool expected = validator.IsValid(value.RootElement);
                (valid, invalid) = expected ? (valid + 1, invalid) : (valid, invalid + 1);
                foreach (string writing in (string[])[text, JsonSerializer.Serialize(value), JsonSerializer.Serialize(value, s_indented)])
                    Assert.True(expected == grammar.Accepts(Encoding.UTF8.GetBytes(writing)), $"{schema.ToJsonString(s_plain)}\n{writing}\nshould be {expected}");
            }
        }
        Assert.True(valid > 1200 && invalid > 1200, $"{valid} valid, {invalid} invalid");
    }

    [Fact]
    public void Whatever_bytes_are_taken_the_end_is_a_valid_instance_and_never_a_dead_end()
    {
        int ended = 0;
        foreach ((JsonNode schema, Grammar grammar, SchemaValidator validator, _) in All().Take(Walked))
        {
            var random = new Random(ended);
            for (int walk = 0; walk < Walks; walk++)
            {
                byte[]? text = ByteWalk.Run(grammar, random, 150);
                if (text is null)
                    continue;
                ended++;
                AssertValid(schema, validator, text);
                AssertMutantsAgree(schema, grammar, validator, text, random);
            }
        }
        Assert.True(ended > Walked * Walks / 2, $"{ended} walks ended");
    }

    private static void AssertValid(JsonNode schema, SchemaValidator validator, byte[] text)
    {
        using JsonDocument value = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        Assert.True(validator.IsValid(value.RootElement), $"{schema.ToJsonString(s_plain)}\n{Encoding.UTF8.GetString(text)}");
    }

    // A changed byte may leave it valid; but what the grammar accepts is JSON, and valid.
    private static void AssertMutantsAgree(JsonNode schema, Grammar grammar, SchemaValidator validator, byte[] text, Random random)
    {
        for (int i = 0; i < 10; i++)
        {
            List<byte> mutant = [.. text];
            int at = random.Next(mutant.Count);
            if (random.Next(3) > 0)
                mutant[at] = text[random.Next(text.Length)];
            else
                mutant.RemoveAt(at);
            byte[] bytes = [.. mutant];
            if (grammar.Accepts(bytes))
                AssertValid(schema, validator, bytes);
        }
    }

    private static IEnumerable<(JsonNode Schema, Grammar Grammar, SchemaValidator Validator, RandomSchemas Random)> All() =>
        SchemaSource.Take(Schemas).Select(item =>
            (item.Schema, item.Grammar, new SchemaValidator(JsonSerializer.SerializeToElement(item.Schema)), item.Random));
}

/// <summary>Random schemas that have instances.</summary>
internal static class SchemaSource
{
    /// <summary>The first so many, always the same.</summary>
    public static IEnumerable<(JsonNode Schema, Grammar Grammar, RandomSchemas Random)> Take(int count)
    {
        for (int seed = 0; count > 0; seed++)
        {
            var random = new RandomSchemas(seed);
            JsonNode schema = random.Next();
            Grammar grammar;
            try
            {
                grammar = SchemaCompiler.Compile(schema.ToJsonString());
            }
            catch (UnsupportedSchemaException)
            {
                continue;
            }
            count--;
            yield return (schema, grammar, random);
        }
    }
}

/// <summary>Writes an instance by taking allowed bytes at random.</summary>
internal static class ByteWalk
{
    private static readonly byte[] s_closing = "\"}]:,"u8.ToArray();

    /// <summary>The instance; null: it was not complete after so many bytes. A state without a way on fails the test.</summary>
    public static byte[]? Run(Grammar grammar, Random random, int most)
    {
        var room = (new FrameList(), new FrameList());
        GrammarState state = grammar.Start;
        var text = new List<byte>();
        for (int step = 0; step < 4 * most; step++)
        {
            if (state.IsComplete && (state.IsClosed || random.Next(3) == 0))
                return [.. text];
            var allowed = new List<(byte Byte, GrammarState State)>();
            for (int value = 0; value < 256; value++)
            {
                if (Grammar.Advance(state, [(byte)value], room) is { } next)
                    allowed.Add(((byte)value, next));
            }
            Assert.True(allowed.Count > 0 || state.IsComplete, $"dead end behind {Encoding.UTF8.GetString(text.ToArray())}");
            List<(byte Byte, GrammarState State)> closing = allowed.FindAll(way => s_closing.Contains(way.Byte));
            List<(byte Byte, GrammarState State)> ways = closing.Count > 0 && (step > most || random.Next(3) == 0) ? closing : allowed;
            if (step > most && ways.Find(way => way.Byte is (byte)'}' or (byte)']') is { State: not null } end)
                ways = [end];
            (byte taken, state) = ways[random.Next(ways.Count)];
            text.Add(taken);
        }
        return null;
    }
}
