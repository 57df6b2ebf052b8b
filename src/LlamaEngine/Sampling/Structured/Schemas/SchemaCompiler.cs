using System.Text.Json;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>
/// Makes a grammar of a schema. A node stands for all schemas that a value must satisfy at once, so that allOf, $ref and keywords beside them
/// need no merging of their own: what they ask of a property or an item is again a node.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MaxNodes = 10_000;

    private readonly Dictionary<string, Node> _nodes = new(StringComparer.Ordinal);
    private readonly Queue<(Node Node, RawSchema[] Schemas)> _open = new();
    private readonly Dictionary<RawSchema, List<(Node Both, int First, int Second)>> _exclusions = [];
    private readonly CompileBudget _budget;
    private readonly ValueBuilder _values;

    private SchemaCompiler(CompileBudget budget)
    {
        _budget = budget;
        _values = new ValueBuilder(Get, Expand, budget);
    }

    /// <summary>Any JSON object.</summary>
    public static Grammar AnyObject { get; } = Compile("""{"type":"object"}""");

    /// <summary>Compiles a schema.</summary>
    /// <exception cref="UnsupportedSchemaException">It is invalid, has no instances, or asks for what is not supported.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <param name="budget">What it may take; null: as much as any schema.</param>
    public static Grammar Compile(string schema, CompileBudget? budget = null)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 256 });
            return Compile(document.RootElement, budget ?? new CompileBudget());
        }
        catch (JsonException exception)
        {
            throw new UnsupportedSchemaException("", "", $"it is no JSON, or nested too deeply: {exception.Message}");
        }
    }

    private static Grammar Compile(JsonElement schema, CompileBudget budget)
    {
        (RawSchema root, SchemaReader reader) = SchemaReader.Read(schema, budget);
        InPlaceCycles.Refuse(reader.All);
        var compiler = new SchemaCompiler(budget);
        Node node = compiler.Get([root]);
        compiler.Finish();
        return node.Height < ValuePart.NoHeight
            ? new Grammar(node, budget.Spent)
            : throw new UnsupportedSchemaException("", "", $"no value satisfies it with at most {ValuePart.MaxDepth} levels of arrays and objects.");
    }

    private Node Get(IEnumerable<RawSchema> schemas)
    {
        RawSchema[] all = [.. schemas.Where(schema => schema.HasOwnKeywords || schema.And.Count > 0 || schema.Or.Count > 0)
            .Distinct().OrderBy(schema => schema.Id)];
        string key = string.Join(',', all.Select(schema => schema.Id));
        if (_nodes.TryGetValue(key, out Node? node))
            return node;
        if (_nodes.Count >= MaxNodes)
            throw new UnsupportedSchemaException(all.Length == 0 ? "" : all[0].Pointer, "", $"its parts combine in more than {MaxNodes} ways.");
        node = new Node();
        _nodes.Add(key, node);
        _open.Enqueue((node, all));
        return node;
    }

    private void Finish()
    {
        while (_open.TryDequeue(out (Node Node, RawSchema[] Schemas) next))
            next.Node.Parts = _values.Build(Expand(next.Schemas));
        bool changed = true;
        while (changed)
        {
            changed = false;
            foreach (Node node in _nodes.Values)
                changed |= node.UpdateHeight();
            _budget.Spend(_nodes.Count);
        }
        foreach ((RawSchema schema, List<(Node Both, int First, int Second)> pairs) in _exclusions)
        {
            if (pairs.Find(pair => pair.Both.Height < ValuePart.NoHeight) is { Both: not null } pair)
                throw new UnsupportedSchemaException(schema.Pointer, "oneOf", $"alternatives {pair.First} and {pair.Second} do not exclude each other; use anyOf.");
        }
        foreach (Node node in _nodes.Values)
            node.Freeze();
    }

    private List<Alternative> Expand(RawSchema[] schemas) => SchemaExpander.Expand(schemas, _budget, Exclude);

    // Exactly one of several holds where at least one does and no two do.
    private void Exclude(RawSchema schema)
    {
        if (_exclusions.ContainsKey(schema))
            return;
        var pairs = new List<(Node, int, int)>();
        _exclusions.Add(schema, pairs);
        for (int first = 0; first < schema.OneOf!.Length; first++)
        {
            for (int second = first + 1; second < schema.OneOf.Length; second++)
                pairs.Add((Get([schema.BesideOneOf!, schema.OneOf[first], schema.OneOf[second]]), first, second));
        }
    }
}
