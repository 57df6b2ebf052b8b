using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/v1/models: what there is; loads nothing.</summary>
internal sealed class ModelListing(IModelCatalog catalog)
{
    /// <summary>All models.</summary>
    public Task ListAsync(HttpContext context)
    {
        var reply = new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. catalog.Models.Select(ToJson)]) };
        return JsonStyle.RespondAsync(context, JsonStyle.Encode(reply));
    }

    /// <summary>One model, by the rest of the path, which may have slashes.</summary>
    public Task GetAsync(HttpContext context)
    {
        string id = (string)context.Request.RouteValues["id"]!;
        ModelEntry model = catalog.Models.FirstOrDefault(model => model.Name == id)
            ?? throw ApiException.NotFound($"There is no model named '{Untrusted.Show(id)}'.", "model", "model_not_found");
        return JsonStyle.RespondAsync(context, JsonStyle.Encode(ToJson(model).AsObject()));
    }

    private static JsonNode ToJson(ModelEntry model) => new JsonObject
    {
        ["id"] = model.Name,
        ["object"] = "model",
        ["created"] = model.Created,
        ["owned_by"] = "llama-engine",
    };
}
