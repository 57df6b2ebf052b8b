using System.Globalization;
using System.Text;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Schemas;

namespace LlamaEngine.Tests.Sampling.Structured;

public class NumberTests
{
    private static readonly decimal[] s_bounds = [-100, -12.5m, -1, -0.05m, 0, 0.001m, 0.1m, 1, 1.5m, 9, 10, 99.99m, 100, 12345];

    private static readonly string?[] s_factors = [null, null, "1", "2", "7", "0.5", "0.01", "2.5", "30", "0.003", "1000", "1.28"];

    [Fact]
    public void Numbers_are_accepted_where_decimal_arithmetic_accepts_them()
    {
        var random = new Random(1);
        int accepted = 0;
        for (int i = 0; i < 200; i++)
        {
            (decimal low, decimal high) = (Any(s_bounds), Any(s_bounds));
            bool lowExclusive = random.Next(2) == 0, highExclusive = random.Next(2) == 0, hasLow = random.Next(3) > 0, hasHigh = random.Next(3) > 0;
            string? factor = Any(s_factors);
            string schema = $$"""{"type":"number"{{(hasLow ? Keyword(lowExclusive ? "exclusiveMinimum" : "minimum", low) : "")}}{{(hasHigh ? Keyword(highExclusive ? "exclusiveMaximum" : "maximum", high) : "")}}{{(factor is null ? "" : $",\"multipleOf\":{factor}")}}}""";
            Grammar? grammar = TryCompile(schema);
            for (int k = 0; k < 60; k++)
            {
                string text = Text();
                decimal value = decimal.Parse(text, CultureInfo.InvariantCulture);
                // Multiples of whole numbers are written without a point.
                bool isWhole = factor is not null && !factor.Contains('.');
                bool expected = !(isWhole && text.Contains('.')) && (!hasLow || (lowExclusive ? value > low : value >= low)) && (!hasHigh || (highExclusive ? value < high : value <= high))
                    && (factor is null || value % decimal.Parse(factor, CultureInfo.InvariantCulture) == 0);
                accepted += expected ? 1 : 0;
                Assert.True(expected == (grammar?.Accepts(Encoding.UTF8.GetBytes(text)) ?? false), $"{schema}: {text} should be {expected}");
            }
        }
        Assert.True(accepted > 1_000, $"{accepted} were accepted");

        T Any<T>(T[] from) => from[random.Next(from.Length)];

        string Keyword(string name, decimal value) => string.Create(CultureInfo.InvariantCulture, $",\"{name}\":{value}");

        // Near the bounds, and in all notations without an exponent.
        string Text()
        {
            decimal value = random.Next(3) switch
            {
                0 => Any(s_bounds) + (random.Next(-2, 3) * Any([0m, 0.001m, 0.5m, 1m])),
                1 => random.Next(-200, 200),
                _ => random.Next(-30000, 30000) / 100m,
            };
            string text = value.ToString(CultureInfo.InvariantCulture);
            return random.Next(4) == 0 ? text + (text.Contains('.') ? "00" : ".0") : text;
        }
    }

    [Theory]
    [InlineData("""{"type":"integer"}""", "0 -0 1 -12 99999999999999999999", "3.0 1.5 01 1. .5 +1 1e0 - 1.0.0")]
    [InlineData("""{"type":"number"}""", "0 -0 1.5 1e5 1E-7 -2.50e+10 0.0", "01 1. .5 1e 1e+ 1e999 --1 Infinity NaN")]
    [InlineData("""{"const":1}""", "1", "1.0 1.01 10 0 true -1")]
    [InlineData("""{"const":-0.50}""", "-0.5 -0.500", "0.5 -0.51 -5")]
    [InlineData("""{"enum":[0,10,2.5]}""", "0 -0 10 2.5 2.50", "0.0 1 100 2 2.50001")]
    [InlineData("""{"const":1e3}""", "1000", "1e3 1000.0 100 10000")]
    [InlineData("""{"multipleOf":1000,"maximum":5000}""", "0 -1000 5000", "500 6000 1000.5 4000.0")]
    [InlineData("""{"multipleOf":0.01,"type":"number"}""", "0.01 1.5 19.99 3 2.500", "0.005 1.111")]
    [InlineData("""{"minimum":12345678901234567890123}""", "12345678901234567890123 99999999999999999999999", "12345678901234567890122 5")]
    public void Notations_are_those_of_JSON(string schema, string accepted, string refused)
    {
        Grammar grammar = SchemaCompiler.Compile(schema);
        Assert.All(accepted.Split(' '), text => Assert.True(grammar.Accepts(Encoding.UTF8.GetBytes(text)), text));
        Assert.All(refused.Split(' '), text => Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes(text)), text));
    }

    private static Grammar? TryCompile(string schema)
    {
        try
        {
            return SchemaCompiler.Compile(schema);
        }
        catch (UnsupportedSchemaException exception) when (exception.Keyword.Length == 0)
        {
            return null; // no number is in the range
        }
    }
}
