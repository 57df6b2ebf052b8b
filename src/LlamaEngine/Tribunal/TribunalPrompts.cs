using System.Text;

namespace LlamaEngine.Tribunal;

/// <summary>The prompts of a tribunal's stages: checked once, then filled in. Immutable.</summary>
internal sealed class TribunalPrompts
{
    private const string Request = "{request}", Answer = "{answer}", Critique = "{critique}", Approval = "{approval}";

    private const string DefaultCritique = "Review the answer above. Name each mistake, gap and unclear passage, briefly. Do not rewrite it.";

    private const string DefaultApproval = $" If there is nothing to improve, reply with {Approval} and nothing else.";

    private const string DefaultRevise = "Write the answer again so that it meets this review. Reply with the improved answer only.";

    private static readonly string[] s_places = [Request, Answer, Critique, Approval];

    private readonly string _generate, _critique, _revise, _approval;

    /// <summary>Takes the prompts of the options, or the defaults.</summary>
    /// <exception cref="ArgumentException">A prompt lacks a place it needs, or has one that means nothing in its stage.</exception>
    public TribunalPrompts(TribunalOptions options)
    {
        bool approves = options.ApprovalWord is not null;
        _approval = options.ApprovalWord ?? "";
        _generate = Check(TribunalStageKind.Generate, options.Generate.Prompt ?? Request, needs: [Request], [Request]);
        _critique = Check(
            TribunalStageKind.Critique,
            options.Critique.Prompt ?? DefaultCritique + (approves ? DefaultApproval : ""),
            needs: approves ? [Approval] : [],
            approves ? [Request, Answer, Approval] : [Request, Answer]);
        _revise = Check(TribunalStageKind.Revise, options.Revise.Prompt ?? DefaultRevise, needs: [], [Request, Answer, Critique]);
    }

    /// <summary>The first stage's prompt is the request and nothing else.</summary>
    public bool AsksPlainly => _generate == Request;

    /// <summary>The prompt of a stage.</summary>
    /// <param name="request">What is to be answered.</param>
    /// <param name="answer">The last answer; empty where there is none yet.</param>
    /// <param name="critique">The last critique; empty where there is none yet.</param>
    public string Fill(TribunalStageKind kind, string request, string answer, string critique)
    {
        string template = kind switch
        {
            TribunalStageKind.Generate => _generate,
            TribunalStageKind.Critique => _critique,
            _ => _revise,
        };
        // In one pass, so that what is put in is not read as a place.
        var text = new StringBuilder(template.Length);
        int start = 0;
        while (start < template.Length)
        {
            string? place = Array.Find(s_places, name => template.AsSpan(start).StartsWith(name, StringComparison.Ordinal));
            if (place is null)
                text.Append(template[start]);
            else
                text.Append(place switch { Request => request, Answer => answer, Critique => critique, _ => _approval });
            start += place?.Length ?? 1;
        }
        return text.ToString();
    }

    private static string Check(TribunalStageKind kind, string template, string[] needs, string[] knows)
    {
        string member = $"{nameof(TribunalOptions)}.{kind}.{nameof(TribunalStageOptions.Prompt)}";
        foreach (string place in s_places)
        {
            bool has = template.Contains(place, StringComparison.Ordinal);
            if (!has && needs.Contains(place))
                throw new ArgumentException($"{member} lacks the place {place}.", nameof(template));
            if (has && !knows.Contains(place))
                throw new ArgumentException($"{member} has the place {place}, which stands for nothing there; it may have {string.Join(", ", knows)}.", nameof(template));
        }
        return string.IsNullOrWhiteSpace(template) ? throw new ArgumentException($"{member} is empty.", nameof(template)) : template;
    }
}
