using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Schemas;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>The grammars of an engine by the forms they stand for, and the tokens they are written with.</summary>
/// <remarks>Thread-safe. A form that is not kept is compiled on its caller's thread.</remarks>
internal sealed class StructureCatalog(Tokenizer? tokenizer, int vocabularySize)
{
    // In a half of the cache: so many grammars, or fewer where they are large.
    private const int MaxGrammars = 64, MaxCost = 8_000_000;

    private readonly Lock _lock = new();
    private readonly BoundedCache<ResponseFormat, TokenStructure> _grammars = new(MaxCost);
    private StructureEngine? _engine;
    private TokenStructure? _anyObject;

    /// <summary>What keeps a completion in a form; null: it is free text.</summary>
    /// <exception cref="UnsupportedSchemaException">The schema is invalid, has no instances, or asks for what is not supported.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer, or one that cannot write JSON.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TokenStructure? Get(ResponseFormat? format, CancellationToken cancellation = default)
    {
        if (format is null || format.Kind == ResponseFormatKind.Text)
            return null;
        StructureEngine engine = Engine();
        if (format.Kind == ResponseFormatKind.JsonObject)
            return _anyObject ??= new TokenStructure(SchemaCompiler.AnyObject, engine);
        // Requests with one form share one grammar, so that they share its masks.
        lock (_lock)
        {
            if (_grammars.TryGet(format, out TokenStructure known))
                return known;
        }
        var made = new TokenStructure(Compile(format, cancellation), engine);
        lock (_lock)
        {
            if (_grammars.TryGet(format, out TokenStructure known))
                return known;
            engine.Prepare(made.Grammar.Start);
            _grammars.Add(format, made, Math.Max(made.Grammar.Cost, MaxCost / MaxGrammars));
        }
        return made;
    }

    private static Grammar Compile(ResponseFormat format, CancellationToken cancellation) => format.Kind == ResponseFormatKind.Choice
        ? Grammar.OfTexts(format.Choices)
        : SchemaCompiler.Compile(format.SchemaText!, new CompileBudget(cancellation));

    private StructureEngine Engine()
    {
        if (tokenizer is null)
            throw new InvalidOperationException("The model file has no tokenizer, so a response format cannot be kept to; ask for text.");
        lock (_lock)
            return _engine ??= new StructureEngine(new TokenVocabulary(tokenizer, vocabularySize));
    }
}
