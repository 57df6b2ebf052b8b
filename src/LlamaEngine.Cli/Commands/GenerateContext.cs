using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LlamaEngine.Cli;

/// <summary>
/// --context of <c>generate</c>, which may be given twice: a number is the length of the context, as everywhere; anything else is the
/// file of a snapshot to go on from.
/// </summary>
/// <param name="Length">Most positions of a sequence; null: not said.</param>
/// <param name="Snapshot">The file; null: none.</param>
internal sealed record GenerateContext(int? Length, string? Snapshot)
{
    private const string Name = "--context";

    /// <summary>A new option of the command.</summary>
    public static Option<GenerateContext?> Option() => new(Name)
    {
        Description = "A snapshot to go on from ('context save'), or a number: most positions of a sequence; may be given twice.",
        HelpName = "FILE|N",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = Parse,
    };

    private static GenerateContext Parse(ArgumentResult result)
    {
        GenerateContext context = new(null, null);
        foreach (string text in result.Tokens.Select(token => token.Value))
        {
            bool isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number);
            if (isNumber ? context.Length is not null : context.Snapshot is not null)
                result.AddError($"{Name} takes one number and one file at most, not '{text}' as well.");
            else if (isNumber && number is < 1 or > int.MaxValue)
                result.AddError($"{Name} takes a whole number from 1 to {int.MaxValue}, not '{text}'.");
            else
                context = isNumber ? context with { Length = (int)number } : context with { Snapshot = text };
        }
        return context;
    }
}
