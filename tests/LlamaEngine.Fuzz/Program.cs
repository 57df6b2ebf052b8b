using System.Globalization;
using LlamaEngine.Fuzz;

FuzzOptions options;
try
{
    options = FuzzOptions.Parse(args);
}
catch (ArgumentException error)
{
    await Console.Error.WriteLineAsync($"{error.Message}\n{FuzzOptions.Usage}");
    return 2;
}

string memory = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
string scratch = Path.Combine(memory, $"llama-fuzz-{Environment.ProcessId}");
await Console.Error.WriteLineAsync($"Should the process die, the input in work stands in {scratch}/TARGET/current-input.");
Console.WriteLine("| target | inputs | accepted | refused | slowest (ms) | most allocated (KiB) | heap growth (KiB) | RSS growth (KiB) | violations |");
Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
int violations = 0;
int share = Math.Max(1, options.Inputs / options.Targets.Count);
foreach (string name in options.Targets)
{
    FuzzTarget target = FuzzTargets.Create(name);
    FuzzResult result = new Fuzzer(target, share, options.Seed, Path.Combine(scratch, name), new FuzzLimits()).Run();
    Console.WriteLine(Row(result));
    foreach (FuzzViolation violation in result.Violations)
        Save(name, violation);
    violations += result.Violations.Count;
}
Directory.Delete(scratch, recursive: true);
return violations == 0 ? 0 : 1;

static string Row(FuzzResult result) => string.Create(CultureInfo.InvariantCulture,
    $"| {result.Target} | {result.Inputs} | {result.Accepted} | {result.Refused} | {result.Slowest.TotalMilliseconds:F1} ") +
    string.Create(CultureInfo.InvariantCulture,
    $"| {result.LargestAllocation >> 10} | {result.HeapGrowth >> 10} | {result.ResidentGrowth >> 10} | {result.Violations.Count} |");

void Save(string target, FuzzViolation violation)
{
    Directory.CreateDirectory(options.SaveFolder);
    string path = Path.Combine(options.SaveFolder, string.Create(CultureInfo.InvariantCulture, $"{target}-{options.Seed}-{violation.Index}-{violation.Kind}"));
    File.WriteAllBytes(path + ".input", violation.Input);
    File.WriteAllText(path + ".txt", violation.Details);
    Console.Error.WriteLine($"{path}: {violation.Details.Split('\n')[0]}");
}
