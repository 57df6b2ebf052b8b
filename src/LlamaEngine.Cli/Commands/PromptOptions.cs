using System.CommandLine;
using LlamaEngine.Contexts;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Cli;

/// <summary>The options of <c>generate</c> and <c>context save</c> that say what the prompt is.</summary>
internal sealed class PromptOptions(string description)
{
    private readonly Option<string?> _prompt = new("--prompt", "-p") { Description = description, HelpName = "TEXT" };
    private readonly Option<string?> _promptFile = new("--prompt-file", "-f")
    {
        Description = "A file with the prompt; - is standard input.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _system = new("--system") { Description = "The system prompt.", HelpName = "TEXT" };
    private readonly Option<bool> _raw = new("--raw") { Description = "Take the prompt as it stands, without the chat template." };
    private readonly Option<bool> _special = new("--special")
    {
        Description = "Where there is no chat template: special tokens written in the prompt count as such.",
    };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_prompt, _promptFile, _system, _raw, _special])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_prompt) is null == result.GetResult(_promptFile) is null)
                result.AddError("Give either --prompt or --prompt-file.");
            if (result.GetValue(_raw) && result.GetResult(_system) is not null)
                result.AddError("--system needs the chat template, which --raw leaves out.");
        });
    }

    /// <summary>The text of --prompt or --prompt-file.</summary>
    public async Task<string> ReadAsync(ParseResult parsed, CliConsole console, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_prompt) is { } prompt)
            return prompt;
        string file = parsed.GetValue(_promptFile)!;
        if (file != "-")
            return await File.ReadAllTextAsync(file, cancellationToken);
        using StreamReader input = console.OpenInputText();
        return await input.ReadToEndAsync(cancellationToken);
    }

    /// <summary>The prompt that stands by itself.</summary>
    public Prompt ToPrompt(ParseResult parsed, string text, InferenceEngine engine)
    {
        if (!engine.HasTokenizer)
            throw new FailureException("This model's file has no tokenizer, so the model takes no text. 'logits' and 'bench' work with token ids.");
        if (parsed.GetValue(_raw))
            return Prompt.FromText(text, parsed.GetValue(_special));
        if (engine.ChatTemplate is null)
            throw new FailureException("This model has no chat template. With --raw it takes the prompt as it stands.");
        ChatMessage user = new(ChatRole.User, text);
        return Prompt.FromMessages(parsed.GetValue(_system) is { } system ? [new ChatMessage(ChatRole.System, system), user] : [user]);
    }

    /// <summary>The prompt that follows a context: the next message of a conversation, or behind a text (or with --raw) a text.</summary>
    public Prompt ToPrompt(ParseResult parsed, string text, RetainedContext context)
    {
        if (parsed.GetResult(_system) is not null)
            throw new UsageException("--system comes first in a conversation: give it to 'context save'.");
        return context.Messages.IsEmpty || parsed.GetValue(_raw)
            ? Prompt.Following(context, text, parsed.GetValue(_special))
            : Prompt.FromMessages([.. context.Messages, new ChatMessage(ChatRole.User, text)]);
    }
}
