using System.Diagnostics;
using System.Text;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Cutting PTX into its kernels.</summary>
public sealed class CudaPtxLibraryTests
{
    private const string Head = "// no .entry here {\n.version 8.0\n.target sm_80\n.address_size 64\n.global .b32 table[2] = {1, 2};\n";

    private const string First = ".visible .entry first(\n\t.param .u64 first_param_0\n)\n.maxntid 32, 1, 1\n{\n\t{ .reg .pred p; }\n\t// } not this one\n\tret;\n}";

    private const string Second = ".entry first_2 ()\n{\n\t.file 1 \"a }.cu\"\n\t/* } nor this\n } */ ret;\n}";

    [Fact]
    public void A_module_has_its_own_entry_and_what_all_have()
    {
        var library = Library(Head + "\n" + First + "\n.const .b8 between[1];\n" + Second + "\n// end\n");
        Assert.Equal(["first", "first_2"], library.Names.Order());
        string one = Text(library, "first"), two = Text(library, "first_2");
        Assert.Contains(First, one);
        Assert.DoesNotContain("first_2", one);
        Assert.Contains(Second, two);
        Assert.DoesNotContain("maxntid", two);
        Assert.All([one, two], text =>
        {
            Assert.StartsWith(Head, text);
            Assert.Contains("between[1]", text);
        });
    }

    [Fact]
    public void A_name_that_is_not_there_has_no_module() => Assert.Null(Library(Head + First).ModuleOf("firs"));

    [Fact]
    public void Text_without_entries_has_none()
    {
        Assert.Empty(Library(Head).Names);
        Assert.Empty(Library("").Names);
        Assert.Empty(Library("// .entry x\n/* .entry").Names);
    }

    [Fact]
    public void An_entry_without_an_end_is_damage() => Assert.Throws<InvalidDataException>(() => Library(Head + First[..^1]));

    [Fact]
    public void Every_embedded_kernel_becomes_a_module_that_loads()
    {
        using KernelBench bench = KernelBench.Open();
        Assert.True(bench.Kernels.Names.Count > 80);
        foreach (string name in bench.Kernels.Names)
            Assert.Equal(name, bench.Kernels.Get(name).Name);
        Assert.Same(bench.Kernels.Get("rms_norm"), bench.Kernels.Get("rms_norm"));
    }

    /// <summary>What the driver does when a kernel is loaded, done by NVIDIA's assembler, which needs no GPU.</summary>
    [Theory]
    [InlineData("sm_80")]
    [InlineData("sm_90a")]
    public async Task Every_module_is_one_that_the_assembler_takes(string target)
    {
        string? assembler = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(assembler is null, "needs ptxas of a CUDA toolkit on the PATH");
        Assert.SkipWhen(KernelSet.Find(target) is null, "this LlamaEngine was built without CUDA kernels");
        var library = new PtxLibrary(KernelSet.Find(target)!);
        string folder = Directory.CreateTempSubdirectory("ptx").FullName;
        try
        {
            await Parallel.ForEachAsync(library.Names, TestContext.Current.CancellationToken, async (name, cancellation) =>
            {
                string file = Path.Combine(folder, name + ".ptx");
                await File.WriteAllBytesAsync(file, library.ModuleOf(name)!, cancellation);
                var start = new ProcessStartInfo(assembler!, [$"-arch={target}", file, "-o", file + ".cubin"]) { RedirectStandardError = true };
                using Process process = Process.Start(start)!;
                string errors = await process.StandardError.ReadToEndAsync(cancellation);
                await process.WaitForExitAsync(cancellation);
                Assert.True(process.ExitCode == 0, $"{name}: {errors}");
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static PtxLibrary Library(string text) => new(Encoding.UTF8.GetBytes(text));

    private static string Text(PtxLibrary library, string name) => Encoding.UTF8.GetString(library.ModuleOf(name)!);
}
