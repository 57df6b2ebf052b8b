using LlamaEngine.Cli;

CliConsole console = CliConsole.OpenProcess();
int exitCode = await CommandLine.RunAsync(args, console);
await console.FlushAsync();
return exitCode;
