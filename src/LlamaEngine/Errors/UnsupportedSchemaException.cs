namespace LlamaEngine;

/// <summary>A JSON schema is invalid, or asks for something that generation cannot guarantee exactly.</summary>
public sealed class UnsupportedSchemaException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="location">Where in the schema, as a JSON Pointer (RFC 6901); empty: its root.</param>
    /// <param name="keyword">The keyword that is refused; empty where it is the schema as a whole.</param>
    /// <param name="reason">What is wrong, or what is supported in its place.</param>
    public UnsupportedSchemaException(string location, string keyword, string reason)
        : base($"The JSON schema at '#{location}'{(keyword.Length > 0 ? $", keyword '{keyword}'," : "")} is not supported: {reason}")
    {
        Location = location;
        Keyword = keyword;
    }

    /// <summary>Where in the schema, as a JSON Pointer (RFC 6901); empty: its root.</summary>
    public string Location { get; }

    /// <summary>The keyword that is refused; empty where it is the schema as a whole.</summary>
    public string Keyword { get; }
}
