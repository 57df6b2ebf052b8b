using System.Collections.Immutable;
using LlamaEngine.Models;

namespace LlamaEngine.Contexts;

/// <summary>
/// What a context consists of, declared before it is used: a model, the format of its weights and of its KV cache, and the prompt
/// prefixes whose keys and values are to be there. An engine makes it with <see cref="InferenceEngine.MaterializeAsync"/>, a
/// <see cref="ContextPool"/> finds or loads the engine too.
/// </summary>
/// <remarks>
/// Immutable and thread-safe. Two recipes mean the same context if their ids are equal; the record's own equality compares the
/// prefixes by reference.
/// </remarks>
public sealed record ContextRecipe
{
    /// <summary>A GGUF file or a Hugging Face folder; null: the model that <see cref="EngineOptions.ModelPath"/> means by null.</summary>
    public string? ModelPath { get; init; }

    /// <summary>The type most weights must have; null: whatever the file has.</summary>
    public TensorType? WeightType { get; init; }

    /// <summary>Number format of the KV cache.</summary>
    public KvCacheType KvCacheType { get; init; }

    /// <summary>
    /// Texts, tokens, or the first messages of a chat (without the header of the reply) that prompts begin with, in the order in
    /// which <see cref="MaterializedContext.Prefixes"/> gives them.
    /// </summary>
    public ImmutableArray<Prompt> Prefixes { get; init; } = [];

    /// <summary>
    /// Computes the recipe's identity: 64 lower-case hexadecimal digits (SHA-256) that follow from the model's weights and
    /// configuration, the formats of weights and KV cache, and the prefixes, and from nothing else. Where the model lies and what it is
    /// called does not matter, nor do machine, process and culture. docs/contexts.md says which bytes are hashed.
    /// </summary>
    /// <param name="cancellationToken">Ends the computation.</param>
    /// <remarks>
    /// Reads the whole model the first time; the process remembers the result for as long as the files keep length and write time.
    /// </remarks>
    /// <exception cref="RecipeMismatchException">The file's weights have another type than the recipe says.</exception>
    /// <exception cref="NotSupportedException">A message of a prefix holds something that is not text.</exception>
    /// <inheritdoc cref="InferenceEngine.Create(EngineOptions)" path="/exception"/>
    public async Task<string> ComputeIdAsync(CancellationToken cancellationToken = default) =>
        (await IdentifyAsync(cancellationToken).ConfigureAwait(false)).Id;

    /// <summary>The same with what it was computed from.</summary>
    internal async Task<RecipeIdentity> IdentifyAsync(CancellationToken cancellation)
    {
        new EngineOptions { KvCacheType = KvCacheType }.Validate();
        ModelFacts model = await ModelFactsCache.Shared.GetAsync(ModelLocator.Resolve(ModelPath), cancellation).ConfigureAwait(false);
        return RecipeIdentity.Of(this, model);
    }
}
