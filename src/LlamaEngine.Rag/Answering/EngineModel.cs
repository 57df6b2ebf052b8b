using System.Runtime.CompilerServices;
using LlamaEngine.Contexts;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>An engine in this process; owns the contexts that it retains, not the engine.</summary>
internal sealed class EngineModel(InferenceEngine engine, int capacity) : AnswerModel
{
    private const long ParametersOfASmallModel = 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly Lazy<bool> _takesSystem = new(() => TakesSystem(engine));
    private readonly LinkedList<(string Name, RetainedContext Context)> _kept = new(); // the last used first

    /// <inheritdoc/>
    public override int? ContextLength => engine.Model.ContextLength;

    /// <inheritdoc/>
    public override bool IsSmall => engine.Model.ParameterCount < ParametersOfASmallModel;

    /// <inheritdoc/>
    public override bool CanBeHeld => true;

    /// <summary>How many prefixes are kept.</summary>
    public int KeptPrefixes
    {
        get
        {
            lock (_lock)
                return _kept.Count;
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ModelPiece> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<string>? choices, int tokens, float temperature, [EnumeratorCancellation] CancellationToken cancellation)
    {
        GenerationOptions options = new()
        {
            Temperature = temperature,
            // One of some texts has an end of its own.
            MaxTokens = choices is null ? tokens : null,
            ResponseFormat = choices is null ? null : ResponseFormat.Choice(choices),
        };
        await foreach (CompletionUpdate update in engine.GenerateAsync(PromptOf(messages), options, cancellation).ConfigureAwait(false))
            yield return new ModelPiece(update.Text, update.Usage);
    }

    /// <inheritdoc/>
    public override int? Count(IReadOnlyList<ChatMessage> messages) => engine.Tokenize(PromptOf(messages)).Length;

    /// <inheritdoc/>
    public override async Task KeepAsync(string name, IReadOnlyList<ChatMessage> one, IReadOnlyList<ChatMessage> other, CancellationToken cancellation)
    {
        if (capacity == 0 || Touch(name))
            return;
        int[] tokens = engine.Tokenize(PromptOf(one)), others = engine.Tokenize(PromptOf(other));
        int shared = tokens.AsSpan().CommonPrefixLength(others);
        if (shared == 0)
            return;
        RetainedContext context;
        try
        {
            context = await engine.RetainAsync(Prompt.FromTokens(tokens[..shared]), cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InsufficientDeviceMemoryException or QueueFullException)
        {
            return; // Others need the cache, or the engine: then this is computed again when it is needed.
        }
        Add(name, context);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            foreach ((_, RetainedContext context) in _kept)
                context.Dispose();
            _kept.Clear();
        }
        return ValueTask.CompletedTask;
    }

    /// <summary>The same chat for templates that know no system message: it begins the first user message.</summary>
    public static IReadOnlyList<ChatMessage> WithoutSystem(IReadOnlyList<ChatMessage> messages) =>
        messages is [{ Role: var first }, { Role: var second }, ..] && first == ChatRole.System && second == ChatRole.User
            ? [new ChatMessage(ChatRole.User, $"{messages[0].Text}\n\n{messages[1].Text}"), .. messages.Skip(2)]
            : messages;

    private Prompt PromptOf(IReadOnlyList<ChatMessage> messages) => Prompt.FromMessages(_takesSystem.Value ? messages : WithoutSystem(messages));

    private static bool TakesSystem(InferenceEngine engine)
    {
        try
        {
            engine.Tokenize(Prompt.FromMessages([new ChatMessage(ChatRole.System, "a"), new ChatMessage(ChatRole.User, "b")]));
            return true;
        }
        catch (ChatTemplateException)
        {
            return false;
        }
    }

    private bool Touch(string name)
    {
        lock (_lock)
        {
            for (LinkedListNode<(string Name, RetainedContext Context)>? node = _kept.First; node is not null; node = node.Next)
            {
                if (node.Value.Name != name)
                    continue;
                _kept.Remove(node);
                _kept.AddFirst(node);
                return true;
            }
            return false;
        }
    }

    private void Add(string name, RetainedContext context)
    {
        RetainedContext? leaves = null;
        lock (_lock)
        {
            // Somebody else kept the same meanwhile.
            if (_kept.Any(kept => kept.Name == name))
            {
                leaves = context;
            }
            else
            {
                _kept.AddFirst((name, context));
                if (_kept.Count > capacity)
                {
                    leaves = _kept.Last!.Value.Context;
                    _kept.RemoveLast();
                }
            }
        }
        leaves?.Dispose();
    }
}
