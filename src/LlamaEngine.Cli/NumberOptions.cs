using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Cli;

/// <summary>Options that take a number within a range; anything else is refused while the command line is parsed.</summary>
internal static class NumberOptions
{
    /// <summary>An option that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string helpName, string description, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => TryParse(result, name, least, most, out T value) ? value : null,
        };

    /// <summary>An option with a default.</summary>
    public static Option<T> WithDefault<T>(string name, string helpName, string description, T least, T most, T standard)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => standard,
            CustomParser = result => TryParse(result, name, least, most, out T value) ? value : standard,
        };

    private static bool TryParse<T>(ArgumentResult result, string name, T least, T most, out T value)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        // Written so that NaN is refused as well.
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && value >= least && value <= most)
            return true;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} takes {Kind<T>()} from {least} to {most}, not '{text}'."));
        return false;
    }

    private static string Kind<T>() => typeof(T) == typeof(float) ? "a number" : "a whole number";
}
