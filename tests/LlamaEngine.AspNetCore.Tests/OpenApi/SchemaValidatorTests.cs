using System.Text.Json;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>The validator finds what is wrong; each case has a value that is right and one that is not.</summary>
public sealed class SchemaValidatorTests
{
    private static readonly JsonElement s_document = Parse("""
        {
          "components": { "schemas": {
            "Name": { "type": "string", "minLength": 1 },
            "Named": { "type": "object", "required": ["name"], "properties": { "name": { "$ref": "#/components/schemas/Name" } } },
            "Aged": { "type": "object", "properties": { "age": { "type": "integer", "minimum": 0 } } }
          } },
          "a/b~c": { "type": "null" }
        }
        """);

    [Theory]
    [InlineData("""{"type": "object"}""", "{}", "[]")]
    [InlineData("""{"type": ["string", "null"]}""", "null", "3")]
    [InlineData("""{"type": "integer"}""", "2.0", "2.5")]
    [InlineData("""{"type": "integer"}""", "1e300", "\"1\"")]
    [InlineData("""{"type": "number"}""", "2.5", "true")]
    [InlineData("""{"type": "boolean"}""", "false", "0")]
    [InlineData("""{"type": "array", "items": {"type": "string"}}""", """["a"]""", """["a", 1]""")]
    [InlineData("""{"minItems": 1, "maxItems": 2}""", "[1, 2]", "[1, 2, 3]")]
    [InlineData("""{"minItems": 1, "maxItems": 2}""", "[1]", "[]")]
    [InlineData("""{"enum": ["a", 1.0, null]}""", "1", "2")]
    [InlineData("""{"enum": ["a", 1.0, null]}""", "null", "\"b\"")]
    [InlineData("""{"minimum": 1, "maximum": 2}""", "1", "0.999")]
    [InlineData("""{"minimum": 1, "maximum": 2}""", "2", "2.001")]
    [InlineData("""{"exclusiveMinimum": 0}""", "0.001", "0")]
    [InlineData("""{"format": "int32"}""", "2147483647", "2147483648")]
    [InlineData("""{"format": "int64"}""", "-9223372036854775808", "9223372036854775808")]
    [InlineData("""{"minLength": 1, "maxLength": 2}""", "\"🙂🙂\"", "\"abc\"")]
    [InlineData("""{"minLength": 1, "maxLength": 2}""", "\"a\"", "\"\"")]
    [InlineData("""{"pattern": "^a+$"}""", "\"aa\"", "\"ab\"")]
    [InlineData("""{"required": ["a"]}""", """{"a": null}""", """{"b": 1}""")]
    [InlineData("""{"maxProperties": 1}""", """{"a": 1}""", """{"a": 1, "b": 2}""")]
    [InlineData("""{"propertyNames": {"pattern": "^[0-9]+$"}}""", """{"12": 1}""", """{"1a": 1}""")]
    [InlineData("""{"properties": {"a": {"type": "string"}}}""", """{"a": "x", "b": 1}""", """{"a": 1}""")]
    [InlineData("""{"properties": {"a": {}}, "additionalProperties": false}""", """{"a": 1}""", """{"a": 1, "b": 1}""")]
    [InlineData("""{"properties": {"a": {}}, "additionalProperties": {"type": "null"}}""", """{"a": 1, "b": null}""", """{"a": 1, "b": 1}""")]
    [InlineData("""{"$ref": "#/components/schemas/Named"}""", """{"name": "a"}""", """{"name": ""}""")]
    [InlineData("""{"$ref": "#/a~1b~0c"}""", "null", "1")]
    [InlineData("""{"anyOf": [{"type": "string"}, {"type": "integer"}]}""", "1", "true")]
    [InlineData("""{"oneOf": [{"type": "number"}, {"type": "integer"}]}""", "1.5", "1")]
    [InlineData("""{"oneOf": [{"type": "number"}, {"type": "integer"}]}""", "1.5", "\"a\"")]
    [InlineData("""{"allOf": [{"minimum": 1}, {"maximum": 2}]}""", "1", "3")]
    [InlineData(
        """{"allOf": [{"$ref": "#/components/schemas/Named"}, {"$ref": "#/components/schemas/Aged"}], "properties": {"b": {}}, "unevaluatedProperties": false}""",
        """{"name": "a", "age": 1, "b": 1}""", """{"name": "a", "c": 1}""")]
    [InlineData(
        """{"anyOf": [{"$ref": "#/components/schemas/Named"}, {"$ref": "#/components/schemas/Aged"}], "unevaluatedProperties": false}""",
        """{"name": "a"}""", """{"name": "", "age": 1}""")]
    public void What_a_schema_allows_and_what_not(string schema, string right, string wrong)
    {
        var validator = new SchemaValidator(s_document);
        Assert.Null(validator.Validate(Parse(schema), Parse(right)));
        Assert.NotNull(validator.Validate(Parse(schema), Parse(wrong)));
    }

    [Theory]
    [InlineData("""{"properties": {"a": {"properties": {"b": {}}}}}""", """{"a": {"b": 1}}""", """{"a": {"b": 1, "c": 1}}""")]
    [InlineData("""{"items": {"$ref": "#/components/schemas/Aged"}}""", """[{"age": 1}]""", """[{"age": 1, "name": "a"}]""")]
    [InlineData("""{"anyOf": [{"$ref": "#/components/schemas/Aged"}, {"type": "null"}]}""", "null", """{"name": "a"}""")]
    [InlineData("""{"properties": {"a": {}}, "additionalProperties": {"type": "string"}}""", """{"b": "c"}""", """{"b": 1}""")]
    [InlineData("""{"type": "object"}""", """{"b": "c"}""", "1")]
    public void Closed_objects_have_no_fields_but_those_that_are_named(string schema, string right, string wrong)
    {
        var validator = new SchemaValidator(s_document, isClosed: true);
        Assert.Null(validator.Validate(Parse(schema), Parse(right)));
        Assert.NotNull(validator.Validate(Parse(schema), Parse(wrong)));
    }

    [Theory]
    [InlineData("""{"multipleOf": 2}""", "3")]
    [InlineData("""{"uniqueItems": true}""", "[1, 1]")]
    [InlineData("""{"not": {}}""", "{}")]
    [InlineData("""{"dependentRequired": {}}""", "null")]
    [InlineData("""{"format": "date"}""", "\"a\"")]
    [InlineData("""{"type": "text"}""", "\"a\"")]
    [InlineData("""{"minimun": 1}""", "0")]
    public void A_keyword_that_is_not_known_is_not_passed_over(string schema, string value) =>
        Assert.Throws<NotSupportedException>(() => new SchemaValidator(s_document).Validate(Parse(schema), Parse(value)));

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}
