using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Models;
using LlamaEngine.Templates;
using LlamaEngine.Tokenization;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

/// <summary>Turns a <see cref="Prompt"/> into the tokens that a model is fed.</summary>
internal sealed class PromptEncoder(Tokenizer? tokenizer, ChatTemplate? template, LlamaConfiguration configuration)
{
    private readonly SpecialTextGuard? _guard = tokenizer is null ? null : new SpecialTextGuard(tokenizer);

    /// <summary>How the model writes calls; null: its template knows no tools, or none that are supported.</summary>
    public ToolFormat? ToolFormat { get; } = ToolFormat.Of(template);

    /// <summary>The tokens of a prompt: template applied, BOS where the model's rule has it.</summary>
    /// <param name="addGenerationPrompt">End a chat with the header of the reply, where the template has one.</param>
    /// <exception cref="ArgumentException">The prompt is empty, or a token id is outside the vocabulary.</exception>
    /// <exception cref="NotSupportedException">The prompt has tools, and the model's template has not.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer, or no chat template, and the prompt needs it.</exception>
    public int[] Encode(Prompt prompt, bool addGenerationPrompt = true)
    {
        int[] tokens = prompt switch
        {
            { Tokens: { } given, Text: { Length: > 0 } text } => [.. given, .. RequireTokenizer().Encode(text, prompt.AllowSpecial)],
            { Tokens: { } given } => [.. given],
            { Messages: { } messages } => EncodeChat(messages, prompt, addGenerationPrompt),
            _ => RequireTokenizer().EncodeWithRules(prompt.Text, prompt.AllowSpecial),
        };
        if (tokens.Length == 0)
            throw new ArgumentException("The prompt has no tokens.", nameof(prompt));
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)configuration.VocabularySize)
            {
                throw new ArgumentException(
                    $"Token {token} is outside the vocabulary of {configuration.VocabularySize} tokens.", nameof(prompt));
            }
        }
        return tokens;
    }

    /// <summary>The chat as the template writes it. The template, not the tokenizer's rule, places BOS.</summary>
    private int[] EncodeChat(ImmutableArray<ChatMessage> messages, Prompt prompt, bool addGenerationPrompt)
    {
        if (template is null)
            throw new InvalidOperationException("The model has no chat template; give a text or tokens instead of messages.");
        // The model goes on behind the opening of a call that it has to make.
        string opening = !prompt.Tools.IsEmpty && RequireToolFormat() is { } format && prompt.ToolChoice.IsForced && addGenerationPrompt ? format.Opening : "";
        RequireTokenizer();
        return _guard!.Encode(template, TemplateVariables.Create(messages, prompt.Tools, addGenerationPrompt, template), opening);
    }

    /// <summary>How the model writes calls.</summary>
    /// <exception cref="NotSupportedException">Its template knows no tools, or none that are supported.</exception>
    public ToolFormat RequireToolFormat() => ToolFormat
        ?? throw new NotSupportedException($"The model's chat template has no tools, or writes calls in another form. Supported: {ToolFormat.Known}.");

    /// <summary>The JSON schema of the call that a prompt demands; null: it demands none.</summary>
    public JsonObject? ForcedSchema(Prompt prompt)
    {
        ToolChoice choice = prompt.ToolChoice;
        return choice.IsForced
            ? RequireToolFormat().ForcedSchema([.. prompt.Tools.Where(tool => choice.Name is null || tool.Name == choice.Name)])
            : null;
    }

    /// <summary>Special tokens that the reply's text shows, because they mark calls.</summary>
    public ImmutableArray<int> ShownTokens(Prompt prompt) =>
        prompt.Tools.IsEmpty ? [] : RequireToolFormat().SpecialTokens(RequireTokenizer());

    private Tokenizer RequireTokenizer() =>
        tokenizer ?? throw new InvalidOperationException("The model file has no tokenizer; give token ids.");
}
