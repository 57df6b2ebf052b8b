using System.CommandLine;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Commands;

/// <summary>The two ways to name a tokenizer.</summary>
internal sealed class TokenizerOptions
{
    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "A tokenizer.json, a tokenizer.model, a GGUF file, or a folder with one of them.",
        HelpName = "FILE|FOLDER",
    };

    private readonly Option<string?> _model = CommonOptions.Model(required: false)!;

    /// <summary>Adds them to a command, which then insists on one of them.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_tokenizer);
        command.Options.Add(_model);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_tokenizer) is null == result.GetResult(_model) is null)
                result.AddError("Give either --tokenizer or --model.");
        });
    }

    /// <summary>Loads the tokenizer; of a model that is all that is read.</summary>
    public Tokenizer Load(ParseResult parsed) => Tokenizer.Load((parsed.GetValue(_tokenizer) ?? parsed.GetValue(_model))!);
}
