using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class CudaVisibleDevicesTests
{
    private const string A = "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", B = "GPU-8932aaaa-d72c-4106-c12f-20bd9faed9f6";
    private const string C = "GPU-1fb8e1c2-0000-4106-c12f-20bd9faed9f6", D = "GPU-00000000-0000-0000-0000-000000000003";
    private const string Mig = "MIG-5c89852c-d268-c3f3-1b07-005d5ae1dc3f", OldMig = "MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/0";

    private static readonly string[] s_machine = [A, B, C, D];

    // The places are those among the four GPUs of the machine; −1 stands for a part of a GPU.
    [Theory]
    // Not set; set to hide all.
    [InlineData(null, "0 1 2 3", false)]
    [InlineData("", "", false)]
    [InlineData(" ", "", false)]
    [InlineData("-1", "", false)]
    [InlineData(" -1 ", "", false)]
    [InlineData("NoDevFiles", "", false)]
    // Indices, in the order of the list.
    [InlineData("0", "0", false)]
    [InlineData("3", "3", false)]
    [InlineData("0,1", "0 1", false)]
    [InlineData("3,0,2", "3 0 2", false)]
    [InlineData(" 1 ,\t2", "1 2", false)]
    [InlineData("+1", "1", false)]
    [InlineData("007", "", true)]
    [InlineData("002", "2", false)]
    [InlineData("1gpu,2ampere", "1 2", true)]
    [InlineData("0-2", "0", true)]
    [InlineData("0x1", "0", true)]
    [InlineData("1.5,2", "1 2", true)]
    // What names no device ends the list.
    [InlineData("4", "", true)]
    [InlineData("0,4,1", "0", true)]
    [InlineData("0,2,-1,1", "0 2", true)]
    [InlineData("-1,0", "", true)]
    [InlineData("0,,1", "0", true)]
    [InlineData(",0", "", true)]
    [InlineData("0,", "0", true)]
    [InlineData(",", "", true)]
    [InlineData("all", "", true)]
    [InlineData("none", "", true)]
    [InlineData("0,void", "0", true)]
    [InlineData("0;1", "0", true)]
    [InlineData("0 1", "0", true)]
    [InlineData("--1", "", true)]
    [InlineData("2147483647", "", true)]
    [InlineData("2147483648", "", true)]
    [InlineData("0,99999999999999999999999999999999", "0", true)]
    [InlineData("١", "", true)]
    [InlineData("１", "", true)]
    [InlineData("0,\u0660", "0", true)]
    [InlineData("\u00a00", "", true)]
    [InlineData("\u001b[2J", "", true)]
    [InlineData("$(rm -rf /)", "", true)]
    [InlineData("nodevfiles", "", true)]
    // A device twice leaves none.
    [InlineData("0,0", "", true)]
    [InlineData("0,1,0", "", true)]
    [InlineData("1,01", "", true)]
    [InlineData("1,1gpu", "", true)]
    [InlineData("0,4,0", "", true)]
    // UUIDs and their beginnings.
    [InlineData(A, "0", false)]
    [InlineData(C + "," + A, "2 0", false)]
    [InlineData("GPU-1", "2", false)]
    [InlineData("GPU-8932f", "0", false)]
    [InlineData("GPU-8932a,GPU-8932f,GPU-0", "1 0 3", false)]
    [InlineData("GPU-8932", "", true)]
    [InlineData("GPU-1,GPU-8932,GPU-0", "2", true)]
    [InlineData("GPU-1,GPU-1fb8", "", true)]
    [InlineData("GPU-1,GPU-1", "", true)]
    [InlineData("GPU-", "", true)]
    [InlineData("GPU-7", "", true)]
    [InlineData("GPU-x", "", true)]
    [InlineData("gpu-1", "", true)]
    [InlineData("GPU-8932F", "", true)]
    [InlineData(A + "0", "", true)]
    [InlineData("GPU-1/0/0", "", true)]
    [InlineData("8932f937-d72c-4106-c12f-20bd9faed9f6", "", true)]
    [InlineData("GPU-1,0", "2 0", false)]
    [InlineData("2,GPU-1", "", true)]
    // Parts of GPUs.
    [InlineData(Mig, "-1", false)]
    [InlineData("MIG-5c8", "-1", false)]
    [InlineData(OldMig, "-1", false)]
    [InlineData(OldMig + "," + Mig, "-1 -1", false)]
    [InlineData(Mig + "," + Mig, "", true)]
    [InlineData("MIG-", "", true)]
    [InlineData("MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", "", true)]
    [InlineData("MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1", "", true)]
    [InlineData("MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/0/2", "", true)]
    [InlineData("MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/x", "", true)]
    [InlineData("MIG-GPU-8932f937-d72c-4106-c12f-20bd9faed9f6/1/99999999999", "", true)]
    [InlineData("MIG-GPU-/1/0", "", true)]
    [InlineData("MIG-5c89852c/1/0", "", true)]
    [InlineData("MIG-hello", "", true)]
    [InlineData(Mig + ",void", "-1", true)]
    public void A_mask_is_read_as_the_driver_reads_it(string? text, string places, bool hasProblem)
    {
        CudaVisibleDevices mask = CudaVisibleDevices.Parse(text);
        Assert.Equal(places, string.Join(' ', mask.Resolve(s_machine, out DeviceProblem? problem)));
        Assert.Equal(hasProblem, problem is not null);
        Assert.Equal(text is null, mask.ShowsAll);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("-1", true)]
    [InlineData("NoDevFiles", true)]
    [InlineData("x", true)]
    [InlineData("0,0", true)]
    [InlineData("0,x", false)]
    [InlineData("99", false)]
    [InlineData(null, false)]
    public void Some_masks_leave_no_device_whatever_there_is(string? text, bool none) =>
        Assert.Equal(none, CudaVisibleDevices.Parse(text).ShowsNone);

    [Theory]
    [InlineData(null, 0, null)]
    [InlineData("3,1", 0, "GPU 3")]
    [InlineData("3,1", 1, "GPU 1")]
    [InlineData("3,1", 2, null)]
    [InlineData("GPU-1", 0, "GPU-1")]
    [InlineData(Mig, 0, Mig)]
    public void An_ordinal_has_the_name_that_the_mask_gives_it(string? text, int ordinal, string? label) =>
        Assert.Equal(label, CudaVisibleDevices.Parse(text).LabelOf(ordinal));

    [Theory]
    [InlineData("0,1", 2, null)]
    [InlineData(null, 0, null)]
    [InlineData("", 0, null)]
    [InlineData("0,7,1", 1, "'7'")]
    [InlineData("7", 0, "'7'")]
    [InlineData("0,x", 1, "'x'")]
    [InlineData("0-3", 1, "'0-3' as 0")]
    [InlineData("1,1", 0, "'1' twice")]
    public void Fewer_devices_than_named_tell_which_entry_is_wrong(string? text, int visible, string? named)
    {
        DeviceProblem? problem = CudaVisibleDevices.Parse(text).ProblemWith(visible, []);
        Assert.Equal(named is null, problem is null);
        if (named is not null)
            Assert.Contains(named, problem!.What, StringComparison.Ordinal);
    }

    [Fact]
    public void The_machines_gpus_tell_what_the_driver_does_not() => Assert.Contains(
        "'GPU-1fb8' twice", CudaVisibleDevices.Parse("GPU-1,GPU-1fb8").ProblemWith(0, s_machine)!.What, StringComparison.Ordinal);

    [Fact]
    public void A_megabyte_is_read_soon_and_quoted_in_part()
    {
        string[] texts = [new('1', 1 << 20), new(',', 1 << 20), "GPU-" + new string('a', 1 << 20), string.Join(',', Enumerable.Range(0, 200_000))];
        foreach (string text in texts)
        {
            CudaVisibleDevices mask = CudaVisibleDevices.Parse(text);
            Assert.InRange(mask.Problem!.What.Length, 1, 300);
            Assert.InRange(mask.Entries.Length, 0, 1024);
        }
    }

    [Fact]
    public void What_a_terminal_would_obey_is_not_quoted() => Assert.DoesNotContain(
        CudaVisibleDevices.Parse("\u001b[2J\r\u0007").Problem!.What, char.IsControl);

    [Fact]
    public void The_machines_gpus_are_those_of_the_kernel_module()
    {
        using var machine = new MachineFolder()
            .With("/proc/driver/nvidia/gpus/0000:41:00.0/information", "Model: \t NVIDIA H200\nIRQ:   12\nGPU UUID: \t " + B + "\nDevice Minor: \t 1\n")
            .With("/proc/driver/nvidia/gpus/0000:01:00.0/information", "GPU UUID: " + A + "\n")
            .With("/proc/driver/nvidia/gpus/0000:81:00.0/information", "Model: broken\n");
        Assert.Equal([A, B], NvidiaGpus.Uuids(machine.Files));
        using var bare = new MachineFolder();
        Assert.Empty(NvidiaGpus.Uuids(bare.Files));
    }
}
