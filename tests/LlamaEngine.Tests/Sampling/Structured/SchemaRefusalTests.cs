using LlamaEngine.Sampling.Structured.Schemas;

namespace LlamaEngine.Tests.Sampling.Structured;

public class SchemaRefusalTests
{
    [Theory]
    [InlineData("""{"not":{}}""", "", "not")]
    [InlineData("""{"properties":{"a":{"if":true}}}""", "/properties/a", "if")]
    [InlineData("""{"items":{"uniqueItems":true}}""", "/items", "uniqueItems")]
    [InlineData("""{"contains":{}}""", "", "contains")]
    [InlineData("""{"dependentRequired":{}}""", "", "dependentRequired")]
    [InlineData("""{"unevaluatedProperties":false}""", "", "unevaluatedProperties")]
    [InlineData("""{"maxlength":3}""", "", "maxlength")]
    [InlineData("""{"$ref":"other.json"}""", "", "$ref")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "", "$ref")]
    [InlineData("""{"$ref":"#"}""", "", "$ref")]
    [InlineData("""{"anyOf":[{"type":"string"},{"$ref":"#"}]}""", "", "$ref")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/schema#"}""", "", "$schema")]
    [InlineData("""{"properties":{"a":{"$id":"b"}}}""", "/properties/a", "$id")]
    [InlineData("""{"$defs":{"a/b":{"type":"strong"}},"$ref":"#/$defs/a~1b"}""", "/$defs/a~1b", "type")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "", "oneOf")]
    [InlineData("""{"type":"object","oneOf":[{"properties":{"a":{"const":1}}},{"properties":{"a":{"const":2}}}]}""", "", "oneOf")]
    [InlineData("""{"pattern":"(?=a)"}""", "", "pattern")]
    [InlineData("""{"patternProperties":{"\\1":{}}}""", "", "patternProperties")]
    [InlineData("""{"multipleOf":0}""", "", "multipleOf")]
    [InlineData("""{"multipleOf":1000003}""", "", "multipleOf")]
    [InlineData("""{"minLength":-1}""", "", "minLength")]
    [InlineData("""{"minItems":1.5}""", "", "minItems")]
    [InlineData("""{"required":"a"}""", "", "required")]
    [InlineData("""{"enum":[]}""", "", "enum")]
    [InlineData("""{"type":["string",1]}""", "", "type")]
    [InlineData("""{"minimum":"1"}""", "", "minimum")]
    [InlineData("""{"minimum":1e999}""", "", "minimum")]
    [InlineData("""{"const":"\ud800"}""", "", "const")]
    [InlineData("""{"type":"string","type":"number"}""", "", "type")]
    [InlineData("""{"allOf":[]}""", "", "allOf")]
    [InlineData("""{"items":[{}]}""", "/items", "")]
    [InlineData("""{"properties":{"a":3}}""", "/properties/a", "")]
    [InlineData("3", "", "")]
    [InlineData("{", "", "")]
    public void What_is_not_supported_is_refused_by_its_place_and_name(string schema, string place, string keyword)
    {
        UnsupportedSchemaException exception = Assert.Throws<UnsupportedSchemaException>(() => SchemaCompiler.Compile(schema));
        Assert.Equal((place, keyword), (exception.Location, exception.Keyword));
        Assert.Contains($"'#{place}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""")]
    [InlineData("""{"type":"object","required":["a","b"],"maxProperties":1}""")]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":false}}""")]
    [InlineData("""{"type":"object","required":["a"],"propertyNames":{"minLength":2}}""")]
    [InlineData("""{"type":"object","additionalProperties":false,"properties":{"a":{}},"minProperties":2}""")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[ab]$"},"minProperties":3}""")]
    [InlineData("""{"type":"array","prefixItems":[{}],"items":false,"minItems":2}""")]
    [InlineData("""{"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":2}""")]
    [InlineData("""{"type":"number","minimum":2,"maximum":1}""")]
    [InlineData("""{"type":"string","pattern":"^(ab)*$","minLength":3,"maxLength":3}""")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"number"}]}""")]
    [InlineData("""{"enum":["abc"],"maxLength":2}""")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/a"},"minItems":1}}}""")]
    public void What_no_value_satisfies_is_refused(string schema) =>
        Assert.Contains("no value satisfies it", Assert.Throws<UnsupportedSchemaException>(() => SchemaCompiler.Compile(schema)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"allOf":[{"anyOf":[{"minLength":1},{"minLength":2},{"minLength":3},{"minLength":4}]},{"anyOf":[{"minLength":5},{"minLength":6},{"minLength":7},{"minLength":8}]},{"anyOf":[{"maxLength":15},{"maxLength":16},{"maxLength":17},{"maxLength":18}]},{"anyOf":[{"minItems":1},{"minItems":2},{"minItems":3},{"minItems":4}]},{"anyOf":[{"maxItems":5},{"maxItems":6},{"maxItems":7},{"maxItems":8}]},{"anyOf":[{"minimum":1},{"minimum":2},{"minimum":3},{"minimum":4}]}]}""", "alternatives")]
    [InlineData("""{"pattern":"^((a{1,99}){1,99}b)*$"}""", "takes too long")]
    [InlineData("""{"pattern":"^[ab]*a[ab]{9}$","minLength":9000}""", "states")]
    [InlineData("""{"patternProperties":{"a.{6}$":true,"b.{6}$":true,"c.{6}$":true,"d.{6}$":true}}""", "states")]
    public void What_would_take_too_much_is_refused(string schema, string reason) =>
        Assert.Contains(reason, Assert.Throws<UnsupportedSchemaException>(() => SchemaCompiler.Compile(schema)).Message, StringComparison.Ordinal);

    [Fact]
    public void Lengths_of_a_large_set_of_characters_take_too_much()
    {
        // A few kilobytes that ask for 19,000 states with 2,000 ranges each.
        string set = string.Concat(Enumerable.Range(0, 2000).Select(i => (char)(0x4E00 + (2 * i))));
        UnsupportedSchemaException exception =
            Assert.Throws<UnsupportedSchemaException>(() => SchemaCompiler.Compile($"{{\"pattern\":\"^[{set}]*$\",\"maxLength\":19000}}"));
        Assert.Contains("takes too long", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compiling_ends_when_nobody_waits_for_it() =>
        Assert.Throws<OperationCanceledException>(() => SchemaCompiler.Compile("""{"type":"integer","minimum":3}""", new CompileBudget(new CancellationToken(canceled: true))));

    [Fact]
    public void Many_schemas_of_which_each_takes_little_are_refused_together()
    {
        string numbers = string.Join(',', Enumerable.Range(0, 500).Select(i => $"\"p{i}\":{{\"multipleOf\":{400 + (i % 100)}}}"));
        UnsupportedSchemaException exception =
            Assert.Throws<UnsupportedSchemaException>(() => SchemaCompiler.Compile($"{{\"properties\":{{{numbers}}}}}"));
        Assert.Contains("takes too long", exception.Message, StringComparison.Ordinal);
    }
}
