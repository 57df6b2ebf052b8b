namespace LlamaEngine;

/// <summary>A context recipe asks for another model, weight type or KV type than there is.</summary>
public sealed class RecipeMismatchException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="part">What differs, for example <c>weights</c>.</param>
    /// <param name="asked">What the recipe asks for.</param>
    /// <param name="found">What there is.</param>
    public RecipeMismatchException(string part, string asked, string found)
        : base($"The recipe asks for {part} {asked}, but there is {found}.")
    {
        Asked = asked;
        Found = found;
    }

    /// <summary>What the recipe asks for.</summary>
    public string Asked { get; }

    /// <summary>What there is.</summary>
    public string Found { get; }
}
