using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>Answers what it was told to, and goes on only when the test lets it: nothing depends on time.</summary>
internal sealed class ScriptedChat : IDocumentChat
{
    private readonly ConcurrentQueue<ScriptedAnswer> _answers = new();

    /// <summary>What was asked, and what was said before.</summary>
    public ConcurrentQueue<(string Question, IReadOnlyList<Exchange> History)> Asked { get; } = new();

    /// <summary>Prepares the next answer.</summary>
    public ScriptedAnswer Prepare(IReadOnlyList<CitedPassage> passages, params string[] pieces) => Prepare(new ScriptedAnswer(passages, pieces));

    /// <summary>Prepares the next answer.</summary>
    public ScriptedAnswer Prepare(ScriptedAnswer answer)
    {
        _answers.Enqueue(answer);
        return answer;
    }

    public async IAsyncEnumerable<AnswerUpdate> AskAsync(
        string question, IReadOnlyList<Exchange> history, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Asked.Enqueue((question, history));
        if (!_answers.TryDequeue(out ScriptedAnswer? answer))
            throw new InvalidOperationException("No answer was prepared.");
        yield return new PassagesFound($"looked for: {question}", answer.Passages);
        foreach (string piece in answer.Pieces)
        {
            await answer.WaitAsync(cancellationToken);
            yield return new AnswerText(piece);
        }
        await answer.WaitAsync(cancellationToken);
        if (answer.Failure is { } failure)
            throw failure;
        yield return new AnswerCompleted(answer.ToAnswer(question));
    }
}

/// <summary>An answer that is given step by step: each piece and the end need a release.</summary>
internal sealed class ScriptedAnswer(IReadOnlyList<CitedPassage> passages, string[] pieces)
{
    private readonly Channel<bool> _steps = Channel.CreateUnbounded<bool>();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<CitedPassage> Passages => passages;

    public IReadOnlyList<string> Pieces => pieces;

    public Exception? Failure { get; init; }

    public bool IsRefusal { get; init; }

    /// <summary>Ends when the answer was cancelled.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Lets the next steps happen.</summary>
    public void Release(int steps = 1)
    {
        for (int step = 0; step < steps; step++)
            Assert.True(_steps.Writer.TryWrite(true));
    }

    /// <summary>Lets all of it happen.</summary>
    public ScriptedAnswer ReleaseAll()
    {
        Release(pieces.Length + 1);
        return this;
    }

    internal async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _steps.Reader.ReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _stopped.TrySetResult();
            throw;
        }
    }

    internal Answer ToAnswer(string question) => new()
    {
        Question = question,
        Query = $"looked for: {question}",
        Text = string.Concat(pieces),
        IsRefusal = IsRefusal,
        Passages = passages,
        Cited = IsRefusal ? [] : [.. passages.Take(1).Select(passage => passage.Number)],
        Usage = new AnswerUsage
        {
            PromptTokens = 420, ReusedTokens = 400, AnswerTokens = pieces.Length,
            Retrieval = TimeSpan.FromMilliseconds(3), FirstToken = TimeSpan.FromMilliseconds(12.5), Total = TimeSpan.FromMilliseconds(250),
        },
    };
}
