using System.CommandLine;
using System.CommandLine.Parsing;
using LlamaEngine.Devices;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>quantize</c>: safetensors or GGUF in, GGUF of another weight type out.</summary>
internal sealed class QuantizeCommand
{
    private readonly Option<string> _model = CommonOptions.Model();
    private readonly Option<TensorType> _type = new("--type")
    {
        Description = "The type of the weights.",
        HelpName = string.Join('|', ModelQuantizer.Types),
        Required = true,
        CustomParser = ParseType,
    };
    private readonly Option<string> _out = new("--out")
    {
        Description = "The GGUF file to write; it appears when it is whole.",
        HelpName = "FILE",
        Required = true,
    };

    private QuantizeCommand()
    {
    }

    /// <summary>The command for the command line.</summary>
    public static Command Create(CliConsole console)
    {
        QuantizeCommand quantize = new();
        Command command = new("quantize", "Write a model as a GGUF file of another weight type.")
        {
            quantize._model, quantize._type, quantize._out,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => quantize.Run(parsed, console, cancellationToken), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CliConsole console, CancellationToken cancellationToken)
    {
        using ModelFile model = ModelFile.Open(parsed.GetValue(_model)!);
        using ProgressLine progress = new(console);
        int threads = CommonOptions.EngineOptionsOf(parsed).Threads ?? ProcessorBudget.AvailableProcessors();
        ModelQuantizer.Quantize(model, parsed.GetValue(_type), parsed.GetValue(_out)!, threads, progress, cancellationToken);
        return ExitCodes.Success;
    }

    private static TensorType ParseType(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        foreach (TensorType type in ModelQuantizer.Types)
        {
            if (string.Equals(type.ToString(), text, StringComparison.OrdinalIgnoreCase))
                return type;
        }
        result.AddError($"--type takes {string.Join(", ", ModelQuantizer.Types)}, not '{text}'.");
        return default;
    }
}
