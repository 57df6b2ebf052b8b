using LlamaEngine.Build;

Repository repository = Repository.Find();
Target[] targets =
[
    new("restore", "fetch the packages", _ => repository.Restore()),
    new("build", "build everything (Release)", _ => Programs.BuildAll(repository)),
    new("test", "build, run all tests, print the totals; arguments go to the test programs", arguments => Tests.Run(repository, arguments)),
    new("demo", "build and run the quickstart; arguments go to it: --model FILE", arguments => Programs.RunDemo(repository, arguments)),
    new("pack", "make the NuGet packages in artifacts/packages", _ => Packages.Pack(repository)),
    new("native", "build the CUDA kernels and the software CUDA device in artifacts/native", _ => NativeCode.Build(repository)),
    new("gpu-bundle", "make one archive that tests and measures on a GPU machine without .NET", _ => GpuBundle.Build(repository)),
    new("bench", "measure a model (--model FILE), a kernel (--kernel linear) or the CUDA kernels (--gpu)", arguments => Programs.RunBench(repository, arguments)),
    new("fuzz", "run the long fuzzing; arguments go to it", arguments => Programs.Run(repository, "LlamaEngine.Fuzz", arguments)),
    new("clean", "delete artifacts/ and every bin/ and obj/", _ => Cleaning.Clean(repository)),
];

if (args is [] or ["help" or "--help" or "-h", ..])
{
    Console.WriteLine("usage: build.sh (or build.ps1) TARGET [ARGUMENTS]");
    Console.WriteLine();
    foreach (Target target in targets)
        Console.WriteLine($"  {target.Name,-12}{target.Description}");
    return args is [] ? 2 : 0;
}

if (Array.Find(targets, target => target.Name == args[0]) is not { } chosen)
{
    Console.Error.WriteLine($"There is no target '{args[0]}'. There are: {string.Join(", ", targets.Select(target => target.Name))}.");
    return 2;
}

try
{
    return chosen.Run(args[1..]);
}
catch (BuildException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

/// <summary>Something that can be asked of the build program; returns the exit code.</summary>
internal sealed record Target(string Name, string Description, Func<string[], int> Run);
