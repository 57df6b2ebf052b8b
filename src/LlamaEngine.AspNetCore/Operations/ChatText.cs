using System.Collections.Immutable;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Templates;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>A chat to be written by a model's template, for those who want to see the text.</summary>
/// <param name="AddGenerationPrompt">End with the header of the reply, where the template has one.</param>
internal sealed record ChatText(ImmutableArray<ChatMessage> Messages, ImmutableArray<ToolDefinition> Tools, bool AddGenerationPrompt)
{
    /// <summary>Reads <c>messages</c>, <c>tools</c> and <c>add_generation_prompt</c>.</summary>
    public static ChatText Read(RequestFields fields, ServerLimits limits) => new(
        MessageReader.Read(fields.Require("messages"), "messages", limits.Depth), ToolFields.ReadTools(fields, out _), fields.Flag("add_generation_prompt", otherwise: true));

    /// <summary>The text.</summary>
    /// <exception cref="Errors.ApiException">The model has no template.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the messages.</exception>
    public string Render(ModelLease lease)
    {
        ChatTemplate template = RequireTemplate(lease);
        return template.Render(TemplateVariables.Create(Messages, Tools, AddGenerationPrompt, template));
    }

    /// <summary>The tokens; special tokens that stand in the messages are text, which <see cref="Render"/> does not show.</summary>
    /// <inheritdoc cref="Render" path="/exception"/>
    public int[] Encode(ModelLease lease)
    {
        RequireTemplate(lease);
        return lease.Engine.Tokenize(Prompt.FromMessages(Messages, Tools), AddGenerationPrompt);
    }

    private ChatTemplate RequireTemplate(ModelLease lease)
    {
        ModelChecks.RequireTemplate(lease);
        ModelChecks.RequireTools(lease, new ToolFields(Tools, ToolChoice.Auto, SingleCall: false));
        return lease.Engine.ChatTemplate!;
    }
}
