using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using LlamaEngine.Backends;
using LlamaEngine.Models;
using LlamaEngine.Sampling;
using LlamaEngine.Templates;
using LlamaEngine.Tools;

namespace LlamaEngine.Contexts;

/// <summary>A recipe's id and what it is derived from.</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Model">The model that the recipe names.</param>
/// <param name="KvType">Number format of the KV cache, never "auto".</param>
internal sealed record RecipeIdentity(string Id, ModelFacts Model, KvType KvType)
{
    private const string Version = "LlamaEngine recipe 1";

    /// <summary>Checks a recipe against its model and computes the id.</summary>
    /// <remarks>
    /// The digest of: the version, the model's identity as text, the names of weight type and KV type, the number of prefixes, and
    /// of each its kind and content: a text, a text with special tokens, token ids (their number, then each), or the chat
    /// template and the messages as JSON. A number is 8 bytes, little endian; a text the number of its UTF-8 bytes, then these. "Auto" and
    /// "whatever the file has" are replaced by what they come to, so a recipe that says it and one that does not are the same.
    /// </remarks>
    public static RecipeIdentity Of(ContextRecipe recipe, ModelFacts model)
    {
        if (recipe.WeightType is { } wanted && wanted != model.WeightType)
            throw new RecipeMismatchException("weights", wanted.ToString(), $"{model.WeightType} (model '{model.Name}')");
        KvType kvType = MemoryPlan.ChooseKvType(recipe.KvCacheType, model.WeightType);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Version);
        Append(hash, model.Identity.ToString());
        Append(hash, model.WeightType.ToString());
        Append(hash, kvType.ToString());
        ImmutableArray<Prompt> prefixes = OptionChecks.OrEmpty(recipe.Prefixes);
        Append(hash, prefixes.Length);
        foreach (Prompt prefix in prefixes)
            Append(hash, prefix, model.ChatTemplate);
        return new RecipeIdentity(Convert.ToHexStringLower(hash.GetHashAndReset()), model, kvType);
    }

    private static void Append(IncrementalHash hash, Prompt prefix, string? chatTemplate)
    {
        switch (prefix)
        {
            case { Tokens: { } tokens }:
                Append(hash, "tokens");
                Append(hash, tokens.Length);
                foreach (int token in tokens)
                    Append(hash, token);
                break;
            case { Messages: { } messages }:
                Append(hash, prefix.Tools.IsEmpty ? "messages" : "messages with tools");
                Append(hash, chatTemplate ?? "");
                Append(hash, MessageJson.ToJson(messages).ToJsonString());
                foreach (ToolDefinition tool in prefix.Tools)
                    Append(hash, tool.ToJson().ToJsonString());
                break;
            default:
                Append(hash, prefix.AllowSpecial ? "special text" : "text");
                Append(hash, prefix.Text!);
                break;
        }
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }
}
