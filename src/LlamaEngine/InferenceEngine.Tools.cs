using System.Text.Json;
using LlamaEngine.Tools;

namespace LlamaEngine;

// Calls of functions, as the model writes them.
public sealed partial class InferenceEngine
{
    /// <summary>The model's chat template takes tools, and writes calls in a form that is understood.</summary>
    public bool SupportsTools => _encoder.ToolFormat is not null;

    /// <summary>Makes what finds the calls in one reply to a prompt.</summary>
    /// <param name="prompt">The prompt; its tools are those that can be called.</param>
    /// <exception cref="ArgumentException">The prompt has no tools.</exception>
    /// <exception cref="NotSupportedException">The model's template has no tools, or writes calls in a form that is not supported.</exception>
    public ToolCallParser CreateToolCallParser(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (prompt.Tools.IsEmpty)
            throw new ArgumentException("The prompt has no tools.", nameof(prompt));
        return new ToolCallParser(_encoder.RequireToolFormat(), prompt.Tools, prompt.ToolChoice.IsForced);
    }

    /// <summary>The options, with the form of the call that the prompt demands.</summary>
    private GenerationOptions WithForcedCall(GenerationOptions options, Prompt prompt)
    {
        if (prompt.Tools.IsEmpty)
            return options;
        if (options.ResponseFormat is { Kind: not ResponseFormatKind.Text })
            throw new NotSupportedException("A response format leaves no room for a call: ask for tools or for a ResponseFormat, not for both.");
        if (_encoder.ForcedSchema(prompt) is not { } schema)
            return options;
        using JsonDocument document = JsonDocument.Parse(schema.ToJsonString());
        return options with { ResponseFormat = ResponseFormat.JsonSchema(document.RootElement) };
    }
}
