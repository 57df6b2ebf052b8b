using Xunit;

namespace LlamaEngine.Build.Tests;

/// <summary>What is missing for the native parts, and what that leaves out.</summary>
public sealed class NativeToolTests
{
    [Theory]
    [InlineData(null, true, true)]
    [InlineData(NativeTools.Kernels, true, false)]
    [InlineData(NativeTools.SoftwareDevice, false, true)]
    public void A_missing_tool_leaves_out_its_part_or_all(string? part, bool kernels, bool device)
    {
        NativeTool[] missing = [new NativeTool("tool", part, () => false)];
        Assert.Equal(kernels, missing.Prevents(NativeTools.Kernels));
        Assert.Equal(device, missing.Prevents(NativeTools.SoftwareDevice));
    }

    [Fact]
    public void Missing_tools_are_named_by_their_packages() =>
        Assert.Equal("one two", new NativeTool[] { new("one", null, () => false), new("two", NativeTools.Kernels, () => false) }.Packages());

    [Theory]
    [InlineData("19.1.7\n", 19)]
    [InlineData("14.0.6\n", 14)]
    [InlineData("nvcc: NVIDIA (R) Cuda compiler driver\nCopyright (c) 2005-2025\nCuda compilation tools, release 12.8, V12.8.61\n", 12)]
    [InlineData("Cuda compilation tools, release 9.2, V9.2.148", 9)]
    [InlineData("sh: clang: not found", 0)]
    [InlineData("", 0)]
    public void Compilers_tell_their_version(string text, int major) => Assert.Equal(major, NativeTools.MajorVersion(text));

    [Fact]
    public void Nothing_is_installed_where_nothing_is_missing() => Assert.Empty(NativeTools.Install([]));

    [Fact]
    public void A_captured_program_gives_its_exit_code_and_all_it_wrote()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs a POSIX shell");
        Dictionary<string, string> environment = new() { ["WORD"] = "said" };
        Assert.Equal((3, "said\nerror\n"), Shell.Capture("sh", ["-c", "echo error >&2; echo $WORD; exit 3"], environment));
    }
}
