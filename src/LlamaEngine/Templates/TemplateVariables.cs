using System.Text.Json.Nodes;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Templates;

/// <summary>What a chat template is rendered with.</summary>
internal static class TemplateVariables
{
    /// <summary>The variables of a chat.</summary>
    /// <param name="tools">Functions that the model is told of; none: the variable is not there.</param>
    /// <param name="template">What they are for.</param>
    public static JsonObject Create(
        IEnumerable<ChatMessage> messages, IReadOnlyCollection<ToolDefinition> tools, bool addGenerationPrompt, ChatTemplate template)
    {
        JsonArray array = MessageJson.ToJson(messages);
        if (SingleCalls.AreAsked(template))
            array = SingleCalls.Of(array);
        var variables = new JsonObject { ["messages"] = array, ["add_generation_prompt"] = addGenerationPrompt };
        if (tools.Count > 0)
            variables["tools"] = new JsonArray([.. tools.Select(tool => tool.ToJson())]);
        return variables;
    }
}
