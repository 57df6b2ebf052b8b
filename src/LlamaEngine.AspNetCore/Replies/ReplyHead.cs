using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Models;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>What a reply, or each piece of one, begins with.</summary>
/// <param name="Id">For example <c>chatcmpl-…</c>.</param>
/// <param name="Kind">The field <c>object</c>.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Model">What requests call the model.</param>
/// <param name="Fingerprint">Changes when the same seed may give another text.</param>
internal sealed record ReplyHead(string Id, string Kind, long Created, string Model, string Fingerprint)
{
    private static readonly ConditionalWeakTable<InferenceEngine, string> s_fingerprints = [];

    /// <summary>The head of a new reply.</summary>
    public static ReplyHead Create(string prefix, string kind, ModelLease lease, TimeProvider clock) => new(
        $"{prefix}-{Guid.NewGuid():N}", kind, clock.GetUtcNow().ToUnixTimeSeconds(), lease.Name, s_fingerprints.GetValue(lease.Engine, FingerprintOf));

    /// <summary>As an object, to which the rest is added.</summary>
    public JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["object"] = Kind,
        ["created"] = Created,
        ["model"] = Model,
        ["system_fingerprint"] = Fingerprint,
    };

    /// <summary>As the first fields of an object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("id"u8, Id);
        json.WriteString("object"u8, Kind);
        json.WriteNumber("created"u8, Created);
        json.WriteString("model"u8, Model);
        json.WriteString("system_fingerprint"u8, Fingerprint);
    }

    /// <summary>A digest of what a text depends on besides the request: model, device, and this library's version.</summary>
    private static string FingerprintOf(InferenceEngine engine)
    {
        ModelInfo model = engine.Model;
        string facts = $"{model.Name}|{model.ParameterCount}|{model.WeightBytes}|{model.WeightType}|{model.Device}|{typeof(InferenceEngine).Assembly.GetName().Version}";
        return $"fp_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(facts)).AsSpan(0, 6))}";
    }
}
