using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Answers questions from an index of documents, with a model in this process or behind a server, and says what each answer rests on.</summary>
/// <remarks>
/// <para>
/// The prompt begins with what stays the same: instructions, then the passages, then the conversation. With an engine in this process the instructions
/// and the last used sets of passages are retained contexts, so a second question about the same passages computes the question only.
/// </para>
/// <para>Only passages that were found are shown to the model. Where none was found the model is not asked: the answer is the refusal.</para>
/// <para>Thread-safe. Owns what it retains in the engine until it is disposed; neither engine, client nor retriever.</para>
/// </remarks>
public sealed class DocumentChat : IDocumentChat, IAsyncDisposable
{
    private const int StandardPassageTokens = 1500, StandardAnswerTokens = 512;
    private const string Instructions = "instructions";

    // Quotations so near to the best are left to the model.
    private const double Tie = 0.01;
    private const int MostChoices = 4;

    // A worded answer needs so many of the best hits; further ones are shown where there is room from the start.
    private const int Essential = 3;

    private readonly Retriever _retriever;
    private readonly AnswerModel _model;
    private readonly DocumentChatOptions _options;
    private readonly PromptWriter _prompts;
    private readonly bool _quotes;
    private readonly int _passageTokens, _answerTokens;

    private DocumentChat(Retriever retriever, AnswerModel model, DocumentChatOptions? options)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        _options = options ?? new DocumentChatOptions();
        _options.Validate();
        _retriever = retriever;
        _model = model;
        _prompts = new PromptWriter(_options);
        _quotes = _options.Style == AnswerStyle.Quoted || (_options.Style == AnswerStyle.Auto && model.IsSmall);
        if (_quotes && !model.CanBeHeld)
            throw new ArgumentException($"{nameof(AnswerStyle)}.{nameof(AnswerStyle.Quoted)} needs an engine in this process; a chat client cannot be held to sentences.", nameof(options));
        _passageTokens = _options.PassageTokens ?? Math.Min(StandardPassageTokens, model.ContextLength / 2 ?? StandardPassageTokens);
        _answerTokens = _options.AnswerTokens ?? Math.Min(StandardAnswerTokens, model.ContextLength / 4 ?? StandardAnswerTokens);
    }

    /// <summary>Answers with an engine in this process.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="NotSupportedException">The model has no chat template.</exception>
    public DocumentChat(Retriever retriever, InferenceEngine engine, DocumentChatOptions? options = null)
        : this(retriever, ModelOf(engine, options), options)
    {
    }

    /// <summary>Answers with any chat client.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or <see cref="AnswerStyle.Quoted"/> is asked for.</exception>
    public DocumentChat(Retriever retriever, IChatClient client, DocumentChatOptions? options = null)
        : this(retriever, new ClientModel(client ?? throw new ArgumentNullException(nameof(client))), options)
    {
    }

    /// <summary>Whether answers are quoted or worded; never <see cref="AnswerStyle.Auto"/>.</summary>
    public AnswerStyle Style => _quotes ? AnswerStyle.Quoted : AnswerStyle.Worded;

    /// <inheritdoc/>
    public async IAsyncEnumerable<AnswerUpdate> AskAsync(
        string question, IReadOnlyList<Exchange> history, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(question);
        ArgumentNullException.ThrowIfNull(history);
        long started = Stopwatch.GetTimestamp();
        string query = await FindQueryAsync(question, history, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<RetrievedPassage> hits = await _retriever.SearchAsync(query, _options.Retrieval, cancellationToken).ConfigureAwait(false);
        Plan plan = _quotes ? PlanQuotation(question, query, hits, history) : PlanWords(hits, history);
        TimeSpan retrieval = Stopwatch.GetElapsedTime(started);
        yield return new PassagesFound(query, plan.Passages);

        var answer = new Answer { Question = question, Query = query, Text = _options.Refusal, IsRefusal = true };
        if (plan.Passages.Count == 0)
        {
            yield return new AnswerText(_options.Refusal);
            yield return new AnswerCompleted(answer with { Usage = new AnswerUsage { Retrieval = retrieval, Total = Stopwatch.GetElapsedTime(started) } });
            yield break;
        }

        IReadOnlyList<ChatMessage> messages = Write(plan, history, question);
        long asked = Stopwatch.GetTimestamp();
        TimeSpan? first = null;
        TokenUsage usage = default;
        StringBuilder text = new();
        await foreach (ModelPiece piece in _model.AnswerAsync(messages, plan.Choices, _answerTokens, _options.Temperature, cancellationToken).ConfigureAwait(false))
        {
            first ??= Stopwatch.GetElapsedTime(asked);
            usage = piece.Usage ?? usage;
            string more = text.Length == 0 ? piece.Text.TrimStart() : piece.Text;
            if (more.Length == 0)
                continue;
            text.Append(more);
            yield return new AnswerText(more);
        }
        await KeepAsync(plan.Passages, cancellationToken).ConfigureAwait(false);

        (answer, string behind) = Conclude(answer, text.ToString().TrimEnd(), plan);
        if (behind.Length > 0)
            yield return new AnswerText(behind);
        yield return new AnswerCompleted(answer with
        {
            Passages = plan.Passages,
            Usage = new AnswerUsage
            {
                PromptTokens = usage.PromptTokens, ReusedTokens = usage.CachedTokens, AnswerTokens = usage.CompletionTokens,
                Retrieval = retrieval, FirstToken = first ?? default, Total = Stopwatch.GetElapsedTime(started),
            },
        });
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _model.DisposeAsync();

    private static EngineModel ModelOf(InferenceEngine engine, DocumentChatOptions? options)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (engine.ChatTemplate is null)
            throw new NotSupportedException($"The model '{engine.Model.Name}' has no chat template, so it was not made to answer questions; take one that was tuned for chat.");
        return new EngineModel(engine, (options ?? new DocumentChatOptions()).RetainedPrefixes);
    }

    private async Task<string> FindQueryAsync(string question, IReadOnlyList<Exchange> history, CancellationToken cancellation) =>
        history.Count > 0 && (_options.RewriteQuestions ?? !_quotes)
            ? await QuestionRewriter.AskAsync(_model, question, history, cancellation).ConfigureAwait(false)
            : QuestionRewriter.Join(question, history);

    // What the model is shown, and what it is held to.
    private sealed record Plan(IReadOnlyList<CitedPassage> Passages, IReadOnlyList<Quotation> Quotations)
    {
        public IReadOnlyList<string>? Choices => Quotations.Count == 0 ? null : [.. Quotations.Select(quotation => quotation.Text)];
    }

    private Plan PlanQuotation(string question, string query, IReadOnlyList<RetrievedPassage> hits, IReadOnlyList<Exchange> history)
    {
        List<Quotation> quotations = Quotation.Find(_retriever.Index, question, query, hits.Select(hit => hit.Passage));
        if (quotations.Count == 0 || quotations[0].Evidence < _options.MinimumEvidence)
            return new Plan([], []);
        Quotation[] best = [.. quotations.TakeWhile(one => one.Evidence >= quotations[0].Evidence - Tie).DistinctBy(one => one.Text).Take(MostChoices)];
        IReadOnlyList<CitedPassage> shown = Number(PassageSelection.Choose(
            [.. best.Select(one => one.Passage).DistinctBy(passage => passage.Id)], [.. hits.Select(hit => hit.Passage)], Previous(history), _passageTokens));
        return new Plan(shown, [.. best.Where(one => shown.Any(cited => cited.Passage.Id == one.Passage.Id))]);
    }

    private Plan PlanWords(IReadOnlyList<RetrievedPassage> hits, IReadOnlyList<Exchange> history)
    {
        if (hits.Count == 0)
            return new Plan([], []);
        Passage[] found = [.. hits.Select(hit => hit.Passage)];
        return new Plan(Number(PassageSelection.Choose(found[..Math.Min(Essential, found.Length)], found, Previous(history), _passageTokens)), []);
    }

    private IReadOnlyList<ChatMessage> Write(Plan plan, IReadOnlyList<Exchange> history, string question)
    {
        if (_quotes)
            return PromptWriter.Quoted(plan.Passages, question);
        for (int turns = Math.Min(_options.HistoryTurns, history.Count); ; turns--)
        {
            IReadOnlyList<ChatMessage> messages = _prompts.Worded(plan.Passages, history.TakeLast(turns), question);
            if (turns == 0 || _model.ContextLength is not { } length || _model.Count(messages) + _answerTokens <= length)
                return messages;
        }
    }

    private async Task KeepAsync(IReadOnlyList<CitedPassage> passages, CancellationToken cancellation)
    {
        if (!_quotes)
            await _model.KeepAsync(Instructions, _prompts.Worded([], [], ""), _prompts.Worded(passages, [], ""), cancellation).ConfigureAwait(false);
        string name = string.Join(',', passages.Select(cited => cited.Passage.Id.ToString(CultureInfo.InvariantCulture)));
        await _model.KeepAsync(name, Write("a"), Write("b"), cancellation).ConfigureAwait(false);

        IReadOnlyList<ChatMessage> Write(string question) => _quotes ? PromptWriter.Quoted(passages, question) : _prompts.Worded(passages, [], question);
    }

    // The answer, and what has to be said behind what the model said.
    private (Answer Answer, string Behind) Conclude(Answer refusal, string text, Plan plan)
    {
        if (plan.Quotations.FirstOrDefault(quotation => quotation.Text == text) is { } quoted)
        {
            int number = plan.Passages.First(cited => cited.Passage.Id == quoted.Passage.Id).Number;
            string marker = Citations.Write([number]);
            return (refusal with { Text = text + marker, IsRefusal = false, Cited = [number] }, marker);
        }
        if (text.Length == 0)
            return (refusal, _options.Refusal);
        if (text.StartsWith(_options.Refusal.TrimEnd('.'), StringComparison.OrdinalIgnoreCase))
            return (refusal with { Text = text }, "");
        List<int> cited = Citations.In(text, plan.Passages);
        string behind = "";
        if (cited.Count == 0)
            behind = Citations.Write(cited = Citations.Attribute(_retriever.Index, text, plan.Passages));
        return (refusal with { Text = text + behind, IsRefusal = false, Cited = cited }, behind);
    }

    // Documents may have changed since.
    private IReadOnlyList<Passage> Previous(IReadOnlyList<Exchange> history) =>
        [.. history.LastOrDefault(exchange => exchange.Passages.Count > 0)?.Passages.Where(passage => _retriever.Index.Find(passage.Id) == passage) ?? []];

    private static IReadOnlyList<CitedPassage> Number(IReadOnlyList<Passage> passages) => [.. passages.Select((passage, i) => new CitedPassage(i + 1, passage))];
}
