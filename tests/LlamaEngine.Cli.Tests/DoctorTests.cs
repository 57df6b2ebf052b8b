using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Cli.Commands;
using LlamaEngine.Devices;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>doctor</c>: on this machine, on made-up ones, and under a real SLURM where there is one.</summary>
public sealed class DoctorTests
{
    private static readonly string[] s_fields =
    [
        "rank", "world_size", "local_rank", "node", "nodes", "cpus", "memory_bytes", "devices", "chosen_device", "reason", "problems",
    ];

    [Fact]
    public async Task This_machine_is_described_in_one_line_of_JSON()
    {
        CliRun run = (await CliRun.RunAsync("doctor", "--json")).Succeeded();
        JsonElement result = JsonDocument.Parse(Assert.Single(run.Lines)).RootElement;
        Assert.All(s_fields, field => Assert.True(result.TryGetProperty(field, out _), $"no {field}"));
        Assert.InRange(result.GetProperty("cpus").GetInt32(), 1, 65536);
        Assert.InRange(result.GetProperty("memory_bytes").GetInt64(), 1, 1L << 50);
        Assert.InRange(result.GetProperty("rank").GetInt32(), 0, result.GetProperty("world_size").GetInt32() - 1);
        Assert.NotEqual(0, result.GetProperty("nodes").GetArrayLength());
    }

    [Fact]
    public async Task This_machine_is_described_for_people()
    {
        CliRun run = (await CliRun.RunAsync("doctor")).Succeeded();
        Assert.All(["Machine", "SLURM", "CUDA", "Choice"], title => Assert.Contains(title, run.Lines));
    }

    [Fact]
    public async Task The_processor_is_always_there()
    {
        CliRun run = (await CliRun.RunAsync("doctor", "--json", "--device", "cpu")).Succeeded();
        Assert.Contains("\"chosen_device\":\"cpu\",\"reason\":\"the CPU was asked for\"", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_described_and_fails()
    {
        CliRun run = await CliRun.RunAsync("doctor", "--json", "--device", "cuda:1023");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("\"chosen_device\":\"none\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("cuda:1023", run.Error, StringComparison.Ordinal);
        JsonElement result = JsonDocument.Parse(run.Output).RootElement;
        Assert.NotEqual(0, result.GetProperty("problems").GetArrayLength());
        Assert.Equal(result.GetProperty("problems").GetArrayLength(), result.GetProperty("remedies").GetArrayLength());
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:+1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:x")]
    [InlineData("cuda:1024")]
    [InlineData("cuda:99999999999")]
    [InlineData("CUDA:0")]
    [InlineData("cpu:0")]
    public async Task Other_devices_are_refused(string device) =>
        Assert.Contains(device, (await CliRun.RunAsync("doctor", "--device", device)).Failed(2).Error, StringComparison.Ordinal);

    // srun mixes lines of more than 1,024 bytes that tasks print at once.
    [Fact]
    public void A_task_with_two_gpus_fits_a_line_that_srun_passes_on_whole()
    {
        string line = Print(Diagnose(new EngineOptions(), s_task, Gpu(0), Gpu(1)), json: true).Output;
        Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, 1024);
        JsonElement result = JsonDocument.Parse(line).RootElement;
        Assert.Equal(
            (3, 6, 1, "node2"),
            (Number(result, "rank"), Number(result, "world_size"), Number(result, "local_rank"), result.GetProperty("node").GetString()));
        Assert.Equal(["node1", "node2", "node3"], result.GetProperty("nodes").EnumerateArray().Select(node => node.GetString()));
        Assert.Equal("cuda:1", result.GetProperty("chosen_device").GetString());
        JsonElement device = result.GetProperty("devices")[1];
        Assert.Equal((1, "9.0"), (Number(device, "ordinal"), device.GetProperty("compute_capability").GetString()));
        Assert.Equal(140L << 30, device.GetProperty("memory_bytes").GetInt64());
        Assert.StartsWith("GPU-", device.GetProperty("uuid").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(device.GetProperty("name").GetString()!);
    }

    [Fact]
    public void People_see_problems_with_what_to_do_and_nothing_that_moves_the_cursor()
    {
        string text = Print(Diagnose(new EngineOptions(), new() { ["SLURM_PROCID"] = "\u001b[2J", ["SLURMD_NODENAME"] = "a\u0007b" }, Gpu(0)), json: false).Output;
        Assert.Contains("SLURM_PROCID", text, StringComparison.Ordinal);
        Assert.Contains("Unset it", text, StringComparison.Ordinal);
        Assert.DoesNotContain(text, character => char.IsControl(character) && character != '\n');
    }

    [Theory]
    [InlineData(DeviceKind.Cuda, 1)]
    [InlineData(DeviceKind.Auto, 0)]
    public void Kernels_that_fail_their_test_are_a_failure_of_the_device_that_was_asked_for(DeviceKind device, int exitCode)
    {
        Diagnosis diagnosis = Diagnose(new EngineOptions { Device = device }, [], Gpu(0)) with { SelfTest = new SelfTestResult(false, "2 is 3") };
        CliRun run = Print(diagnosis, json: true);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains("\"self_test\":\"failed: 2 is 3\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("self-test failed on cuda:0", run.Output, StringComparison.Ordinal);
        Assert.Equal(exitCode == 1, run.Error.Contains("2 is 3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tasks_of_a_real_cluster_find_their_places()
    {
        string repository = FindUpwards("Engine.sln") ?? throw new InvalidOperationException("Engine.sln was not found above the test's folder.");
        string script = Path.Combine(Path.GetDirectoryName(repository)!, "tests", "slurm", "doctor.sh");
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "SLURM's daemons need root on Linux");
        string? cluster = FindUpwards(Path.Combine("shared", "slurm", "up.sh"));
        Assert.SkipWhen(cluster is null, "needs ../shared/slurm, which this machine does not have");
        bool installed = File.Exists("/usr/sbin/slurmctld") && File.Exists("/usr/sbin/munged");
        Assert.SkipUnless(installed, "SLURM is not installed (apt-get install slurm-wlm munge)");

        ProcessStartInfo start = new("bash", [script, Path.Combine(AppContext.BaseDirectory, "llama-engine.dll"), Path.GetDirectoryName(cluster)!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(process.ExitCode == 77, $"no cluster can be started here: {await output}{errors}");
        Assert.True(process.ExitCode == 0, $"{await output}{errors}");
    }

    private static readonly Dictionary<string, string> s_task = new()
    {
        ["SLURM_JOB_ID"] = "1234567",
        ["SLURM_STEP_ID"] = "0",
        ["SLURM_PROCID"] = "3",
        ["SLURM_LOCALID"] = "1",
        ["SLURM_NODEID"] = "1",
        ["SLURMD_NODENAME"] = "node2",
        ["SLURM_STEP_NUM_TASKS"] = "6",
        ["SLURM_STEP_NODELIST"] = "node[1-3]",
        ["SLURM_STEP_TASKS_PER_NODE"] = "2(x3)",
        ["SLURM_GPUS_ON_NODE"] = "2",
        ["SLURM_STEP_GPUS"] = "0,1",
        ["SLURM_CPUS_ON_NODE"] = "2",
    };

    private static Diagnosis Diagnose(EngineOptions options, Dictionary<string, string> variables, params CudaDeviceFacts[] devices)
    {
        DeviceFacts facts = new()
        {
            Slurm = SlurmEnvironment.Read(name => variables.GetValueOrDefault(name), "here"),
            Mask = CudaVisibleDevices.Parse("0,1"),
            Driver = new CudaDriverReport { Library = "/usr/lib/x86_64-linux-gnu/libcuda.so.1", IsLoaded = true, Version = 12080, Devices = [.. devices] },
        };
        return new Diagnosis
        {
            AllowedProcessors = [.. Enumerable.Range(0, 32), .. Enumerable.Range(128, 32)],
            Processors = new AvailableProcessors(16, ProcessorLimit.ControlGroup),
            Memory = new AvailableMemory(1L << 40, MemoryLimit.ControlGroup),
            Facts = facts,
            Choice = DeviceChooser.Choose(options, facts),
            FreeBytes = 139L << 30,
            SelfTest = new SelfTestResult(true, "all kernels"),
            IsAsked = options.Device == DeviceKind.Cuda,
        };
    }

    private static CudaDeviceFacts Gpu(int ordinal) => new(
        ordinal, "LlamaEngine software device (for tests)", $"GPU-4c6c616d-6145-4e47-8073-696d7400000{ordinal}", new Version(9, 0), 140L << 30, IsSoftware: false);

    private static CliRun Print(Diagnosis diagnosis, bool json)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        int exitCode = DoctorCommand.Run(diagnosis, json, new CliConsole(Stream.Null, output, error));
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }

    private static int Number(JsonElement value, string name) => value.GetProperty(name).GetInt32();

    private static string? FindUpwards(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, name)))
                return Path.Combine(folder.FullName, name);
        }
        return null;
    }
}
