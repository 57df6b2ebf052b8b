using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class DeviceChooserTests
{
    private static readonly EngineOptions s_auto = new(), s_cpu = new() { Device = DeviceKind.Cpu }, s_cuda = new() { Device = DeviceKind.Cuda };

    [Fact]
    public void A_machine_without_a_driver_computes_on_the_processor_and_says_why()
    {
        DeviceChoice choice = DeviceChooser.Choose(s_auto, Facts(NoDriver));
        Assert.Equal("cpu", choice.Name);
        Assert.Contains("libcuda.so.1 was not found", choice.Reason, StringComparison.Ordinal);
        Assert.Empty(choice.Problems);
        Assert.Null(choice.Failure);
    }

    [Fact]
    public void Without_a_driver_cuda_is_an_error_that_names_the_library()
    {
        DeviceChoice choice = DeviceChooser.Choose(s_cuda, Facts(NoDriver));
        Assert.Equal(("none", "cuda", "cpu"), (choice.Name, choice.Failure!.Requested, choice.Failure.Found));
        Assert.Contains("libcuda.so.1 was not found", choice.Failure.Message, StringComparison.Ordinal);
        Assert.Single(choice.Problems);
        Assert.Equal("cuda:1", DeviceChooser.Choose(s_cuda with { DeviceOrdinal = 1 }, Facts(NoDriver)).Failure!.Requested);
    }

    [Fact]
    public void A_library_that_a_variable_names_is_named_with_it()
    {
        CudaDriverReport driver = new() { Library = "/opt/x.so", LibraryIsChosen = true };
        string message = DeviceChooser.Choose(s_cuda, Facts(driver)).Failure!.Message;
        Assert.Contains("LLAMAENGINE_CUDA_LIBRARY names '/opt/x.so'", message, StringComparison.Ordinal);
        Assert.Single(DeviceChooser.Choose(s_auto, Facts(driver)).Problems);
    }

    // What is there and what is needed.
    [Theory]
    [InlineData(11080, "8.0", true, "CUDA 11.8", "12.0")]
    [InlineData(11990, "9.0", true, "CUDA 11.99", "12.0")]
    [InlineData(12000, "7.5", true, "capability 7.5", "8.0")]
    [InlineData(13000, "7.9", true, "capability 7.9", "8.0")]
    [InlineData(12040, "9.0", false, "built without CUDA kernels", "run ./build.sh native, then build")]
    [InlineData(12000, "8.0", true, null, null)]
    [InlineData(12080, "10.3", true, null, null)]
    public void Too_old_a_driver_or_device_is_named_with_what_is_needed(int version, string capability, bool kernels, string? there, string? needed)
    {
        DeviceFacts facts = Facts(Driver(Gpu(0, capability)) with { Version = version, HasKernels = kernels });
        DeviceChoice asked = DeviceChooser.Choose(s_cuda, facts), free = DeviceChooser.Choose(s_auto, facts);
        Assert.Equal(there is null ? "cuda:0" : "cpu", free.Name);
        Assert.Equal(there is null, asked.Failure is null);
        if (there is null)
            return;
        Assert.Contains(there, asked.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains(needed!, free.Reason, StringComparison.Ordinal);
        Assert.Single(free.Problems);
    }

    [Theory]
    [InlineData(11080, "9.0")]
    [InlineData(12000, "7.5")]
    [InlineData(12000, "8.0")]
    public void The_kernels_agree_on_what_they_need(int version, string capability)
    {
        DeviceChoice choice = DeviceChooser.Choose(s_cuda, Facts(Driver(Gpu(0, capability)) with { Version = version }));
        Assert.Equal(KernelSet.Obstacle(version, new Version(capability)) is null, choice.Failure is null);
    }

    [Theory]
    [InlineData("", "CUDA_VISIBLE_DEVICES is '' and hides every GPU", 0)]
    [InlineData("-1", "'-1'", 0)]
    [InlineData("0,0", "'0' twice", 1)]
    [InlineData("9", "'9' names no device", 1)]
    [InlineData("GPU-9", "'GPU-9' names no device", 1)]
    [InlineData(null, "shows no GPU: CUDA_ERROR_NO_DEVICE", 1)]
    public void Where_the_driver_shows_nothing_the_mask_may_be_why(string? mask, string reason, int problems)
    {
        CudaDriverReport driver = Driver() with { Fault = "CUDA_ERROR_NO_DEVICE" };
        DeviceChoice choice = DeviceChooser.Choose(s_auto, Facts(driver, mask));
        Assert.Equal("cpu", choice.Name);
        Assert.Contains(reason, choice.Reason, StringComparison.Ordinal);
        Assert.Equal(problems, choice.Problems.Length);
        Assert.Contains(reason, DeviceChooser.Choose(s_cuda, Facts(driver, mask)).Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "cuda:0")]
    [InlineData(1, "cuda:1")]
    [InlineData(2, "none")]
    [InlineData(int.MaxValue, "none")]
    public void An_ordinal_counts_the_visible_devices(int ordinal, string expected)
    {
        // Physical devices 3 and 2: the driver has applied the mask, and nobody does so again.
        DeviceFacts facts = Facts(Driver(Gpu(0), Gpu(1)), "3,2");
        Assert.Equal(expected, DeviceChooser.Choose(s_cuda with { DeviceOrdinal = ordinal }, facts).Name);
        Assert.Equal(expected == "none" ? "cpu" : expected, DeviceChooser.Choose(s_auto with { DeviceOrdinal = ordinal }, facts).Name);
    }

    [Fact]
    public void An_old_device_that_is_asked_for_is_an_error_though_there_is_a_newer_one()
    {
        DeviceFacts facts = Facts(Driver(Gpu(0, "7.0"), Gpu(1)));
        Assert.Equal("cuda:1", DeviceChooser.Choose(s_cuda, facts).Name);
        Assert.Contains("7.0", DeviceChooser.Choose(s_cuda with { DeviceOrdinal = 0 }, facts).Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, "cuda:0")]
    [InlineData(1, 1, "cuda:0")]
    [InlineData(0, 2, "cuda:0")]
    [InlineData(1, 2, "cuda:1")]
    [InlineData(2, 2, "cuda:0")]
    [InlineData(5, 4, "cuda:1")]
    [InlineData(7, 8, "cuda:7")]
    [InlineData(2147483647, 2, "cuda:1")]
    public void Local_ranks_spread_over_visible_devices(int localRank, int devices, string expected)
    {
        CudaDeviceFacts[] gpus = [.. Enumerable.Range(0, devices).Select(ordinal => Gpu(ordinal))];
        SlurmEnvironment slurm = Slurm(SlurmVariablesOf.Task, "SLURM_STEP_TASKS_PER_NODE=", "SLURM_TASKS_PER_NODE=") with { LocalRank = localRank };
        Assert.Equal(expected, DeviceChooser.Choose(s_auto, Facts(Driver(gpus)) with { Slurm = slurm }).Name);
        Assert.Equal("cuda:0", DeviceChooser.Choose(s_auto, Facts(Driver(gpus))).Name);
    }

    [Fact]
    public void Local_ranks_spread_over_the_devices_that_can_be_used()
    {
        SlurmEnvironment slurm = Slurm(SlurmVariablesOf.Task);
        DeviceFacts facts = Facts(Driver(Gpu(0, "7.5"), Gpu(1), Gpu(2))) with { Slurm = slurm };
        Assert.Equal("cuda:2", DeviceChooser.Choose(s_auto, facts).Name);
    }

    [Fact]
    public void A_task_with_a_gpu_of_its_own_has_no_problem()
    {
        // --gpus-per-task=1: two GPUs on the node, one visible to each task.
        DeviceFacts facts = Facts(Driver(Gpu(0)), "1") with { Slurm = Slurm(SlurmVariablesOf.Task) };
        DeviceChoice choice = DeviceChooser.Choose(s_auto, facts);
        Assert.Equal("cuda:0", choice.Name);
        Assert.Empty(choice.Problems);
    }

    [Theory]
    [InlineData("SLURM_GPUS_ON_NODE=1", 1, false, "2 tasks of this node share 1 visible GPU ")]
    [InlineData("SLURM_GPUS_ON_NODE=2", 2, false, null)]
    [InlineData("SLURM_GPUS_ON_NODE=2", 8, false, "granted 2 GPUs")]
    [InlineData("-SLURM_GPUS_ON_NODE", 2, false, "granted 0 GPUs")]
    [InlineData("-SLURM_GPUS_ON_NODE", 2, true, null)]
    [InlineData("SLURM_GPUS_ON_NODE=2;SLURM_PROCID=9", 2, false, "SLURM_PROCID")]
    public void What_slurm_granted_is_compared_with_what_is_visible(string changes, int devices, bool software, string? problem)
    {
        CudaDeviceFacts[] gpus = [.. Enumerable.Range(0, devices).Select(ordinal => Gpu(ordinal) with { IsSoftware = software })];
        DeviceFacts facts = Facts(Driver(gpus)) with { Slurm = Slurm(SlurmVariablesOf.Task, changes.Split(';')) };
        DeviceChoice choice = DeviceChooser.Choose(s_cuda, facts);
        Assert.Equal(problem is null ? 0 : 1, choice.Problems.Length);
        if (problem is not null)
            Assert.Contains(problem, choice.Problems[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public void Gpus_that_were_granted_but_cannot_be_used_are_a_problem()
    {
        DeviceChoice choice = DeviceChooser.Choose(s_auto, Facts(NoDriver) with { Slurm = Slurm(SlurmVariablesOf.Task) });
        Assert.Equal("cpu", choice.Name);
        Assert.Contains("libcuda.so.1", Assert.Single(choice.Problems).What, StringComparison.Ordinal);
    }

    [Fact]
    public void The_software_device_computes_only_where_cuda_is_asked_for()
    {
        DeviceFacts facts = Facts(Driver(Gpu(0) with { IsSoftware = true }));
        DeviceChoice free = DeviceChooser.Choose(s_auto, facts);
        Assert.Equal("cpu", free.Name);
        Assert.Contains("software device", free.Reason, StringComparison.Ordinal);
        Assert.Equal("cpu", DeviceChooser.Choose(s_auto with { DeviceOrdinal = 0 }, facts).Name);
        Assert.Equal("cuda:0", DeviceChooser.Choose(s_cuda, facts).Name);
    }

    [Fact]
    public void The_processor_is_had_for_the_asking()
    {
        DeviceChoice choice = DeviceChooser.Choose(s_cpu, Facts(Driver(Gpu(0)), "0-3"));
        Assert.Equal(("cpu", "the CPU was asked for"), (choice.Name, choice.Reason));
        Assert.Contains("'0-3'", Assert.Single(choice.Problems).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mask_that_shows_less_than_it_names_is_a_problem_of_a_choice_that_stands()
    {
        DeviceChoice choice = DeviceChooser.Choose(s_auto, Facts(Driver(Gpu(0)), "0,9"));
        Assert.Equal("cuda:0", choice.Name);
        Assert.Contains("'9'", Assert.Single(choice.Problems).What, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ordinal_is_checked_with_the_options()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngineOptions { DeviceOrdinal = -1 }.Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngineOptions { Device = DeviceKind.Cpu, DeviceOrdinal = 0 }.Validate());
        new EngineOptions { Device = DeviceKind.Cuda, DeviceOrdinal = 0 }.Validate();
    }

    private static CudaDriverReport NoDriver { get; } = new() { Library = "libcuda.so.1" };

    private static CudaDriverReport Driver(params CudaDeviceFacts[] devices) =>
        new() { Library = "libcuda.so.1", IsLoaded = true, Version = 12040, Devices = [.. devices] };

    private static CudaDeviceFacts Gpu(int ordinal, string capability = "9.0") =>
        new(ordinal, "NVIDIA H200", $"GPU-{ordinal:x8}-0000-0000-0000-000000000000", new Version(capability), 140L << 30, IsSoftware: false);

    private static DeviceFacts Facts(CudaDriverReport driver, string? mask = null) =>
        new() { Driver = driver, Mask = CudaVisibleDevices.Parse(mask), Slurm = Slurm("") };

    private static SlurmEnvironment Slurm(string environment, params string[] changes) =>
        SlurmEnvironment.Read(SlurmVariablesOf.With(environment, changes), "here");
}
