using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Templates;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>A chat to be written by a model's template, for those who want to see the text.</summary>
/// <param name="AddGenerationPrompt">End with the header of the reply, where the template has one.</param>
internal sealed record ChatText(ImmutableArray<ChatMessage> Messages, bool AddGenerationPrompt)
{
    /// <summary>Reads <c>messages</c> and <c>add_generation_prompt</c>.</summary>
    public static ChatText Read(RequestFields fields, ServerLimits limits) => new(
        MessageReader.Read(fields.Require("messages"), "messages", limits.Depth), fields.Flag("add_generation_prompt", otherwise: true));

    /// <summary>The text.</summary>
    /// <exception cref="Errors.ApiException">The model has no template.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the messages.</exception>
    public string Render(ModelLease lease)
    {
        ModelChecks.RequireTemplate(lease);
        return lease.Engine.ChatTemplate!.Render(
            new JsonObject { ["messages"] = MessageJson.ToJson(Messages), ["add_generation_prompt"] = AddGenerationPrompt });
    }
}
