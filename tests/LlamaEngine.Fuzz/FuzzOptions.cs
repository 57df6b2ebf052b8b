using System.Globalization;

namespace LlamaEngine.Fuzz;

/// <summary>The command line.</summary>
internal sealed record FuzzOptions
{
    public const string Usage =
        "usage: LlamaEngine.Fuzz [--inputs 200000] [--seed S] [--target NAME|all] [--save FOLDER]";

    /// <summary>Inputs over all targets together.</summary>
    public int Inputs { get; private init; } = 200_000;

    /// <summary>The seed; the same one gives the same inputs.</summary>
    public int Seed { get; private init; } = 1;

    /// <summary>The targets to run.</summary>
    public IReadOnlyList<string> Targets { get; private init; } = FuzzTargets.Names;

    /// <summary>Where inputs are saved that went against the rules.</summary>
    public string SaveFolder { get; private init; } = Path.Combine("artifacts", "fuzz");

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ArgumentException">They are wrong.</exception>
    public static FuzzOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new FuzzOptions();
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string value = i + 1 < arguments.Count ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value.");
            options = arguments[i] switch
            {
                "--inputs" => options with { Inputs = Number(value) },
                "--seed" => options with { Seed = Number(value) },
                "--target" => options with { Targets = value == "all" ? FuzzTargets.Names : [Known(value)] },
                "--save" => options with { SaveFolder = value },
                _ => throw new ArgumentException($"Unknown option {arguments[i]}."),
            };
        }
        return options;
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new ArgumentException($"'{text}' is no number.");

    private static string Known(string name) => FuzzTargets.Names.Contains(name)
        ? name
        : throw new ArgumentException($"Unknown target '{name}'; known: {string.Join(", ", FuzzTargets.Names)}, all.");
}
