namespace LlamaEngine;

/// <summary>The file is well formed, but asks for something this engine does not implement.</summary>
public sealed class UnsupportedModelException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="found">What the file asks for, for example <c>tensor type IQ2_XXS (blk.0.attn_q.weight)</c>.</param>
    /// <param name="supported">What is supported in its place.</param>
    public UnsupportedModelException(string found, string supported)
        : base($"Not supported: {found}. Supported: {supported}.")
    {
        Found = found;
        Supported = supported;
    }

    /// <summary>What the file asks for.</summary>
    public string Found { get; }

    /// <summary>What is supported in its place.</summary>
    public string Supported { get; }
}
