using LlamaEngine.Tools;

namespace LlamaEngine;

// Calls of functions, as the model writes them.
public sealed partial class InferenceEngine
{
    /// <summary>The model's chat template takes tools, and writes calls in a form that is understood.</summary>
    public bool SupportsTools => _encoder.ToolFormat is not null;

    /// <summary>Makes what finds the calls in one reply; for prompts of <see cref="Prompt.FromMessages(IEnumerable{Microsoft.Extensions.AI.ChatMessage}, IEnumerable{ToolDefinition})"/>.</summary>
    /// <param name="tools">The tools of the prompt: only these are called.</param>
    /// <exception cref="NotSupportedException">The model's template has no tools, or writes calls in a form that is not supported.</exception>
    public ToolCallParser CreateToolCallParser(IEnumerable<ToolDefinition> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        return new ToolCallParser(_encoder.RequireToolFormat(), tools);
    }
}
