using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/apply-template: the text that a chat becomes. The shape is llama.cpp's.</summary>
internal sealed class TemplateOperation(IModelCatalog catalog, ServerLimits limits) : IOperation
{
    /// <inheritdoc/>
    public string Path => "/apply-template";

    /// <inheritdoc/>
    public string? PromptField => "messages";

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        ChatText chat = ChatText.Read(fields, limits);
        fields.RefuseOthers();
        await using ModelLease lease = await catalog.RentAsync(common.Model, common.KeepAlive, cancellation).ConfigureAwait(false);
        return new JsonObject { ["prompt"] = chat.Render(lease) };
    }
}
